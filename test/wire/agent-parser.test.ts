import { describe, expect, test } from "bun:test";
import { readAgentCommand } from "./agent-parser.ts";

const read = (...words: string[]) => readAgentCommand(["agent", "run", ...words]);

describe("the model of the agent's parser", () => {
  test.each(["90s", "45m", "1h 30m", "1d", "2min", "3 hours", "1h30m", "0s", "1h1h"])(
    "reads the duration %j",
    (text) => {
      expect(read("--idle-on-complete", text).get("--idle-on-complete")).toEqual([text]);
    },
  );
  test.each(["1.5h", "+5m", ".5h", "30", "", "m", "5x", "-5m=", "1h30", "1h,30m"])(
    "does not read the duration %j",
    (text) => {
      expect(() => read(`--snapshot-upload-timeout=${text}`)).toThrow("--snapshot-upload-timeout");
    },
  );
  test("a flag that may go without a value, between others and last", () => {
    expect(read("--idle-on-complete", "--sandboxed").get("--idle-on-complete")).toEqual([null]);
    expect(read("--sandboxed", "--idle-on-complete").get("--idle-on-complete")).toEqual([null]);
  });
  test.each<[string, readonly string[]]>([
    ["a role without a region", ["--bedrock-inference-role", "r"]],
    ["a region without a role", ["--bedrock-role-region", "r"]],
    ["a skipped turn without a stay", ["--skip-initial-turn"]],
    ["a share of nobody's", ["--share", "user:view"]],
    ["a share to own", ["--share", "team:own"]],
    ["a flag that it does not have", ["--extra", "x"]],
    ["a word of no flag", ["hello"]],
    ["a flag without its value", ["--model", "--sandboxed"]],
    ["a value for a flag that takes none", ["--sandboxed=yes"]],
    ["JSON that is none", ["--mcp", "{"]],
  ])("refuses %s", (_, words) => {
    expect(() => read(...words)).toThrow();
  });
});
