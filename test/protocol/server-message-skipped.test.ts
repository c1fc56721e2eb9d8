import { describe, expect, test } from "bun:test";
import { decodeServerMessage } from "../../src/protocol/server-message.ts";

const frame = (type: unknown, data: unknown) => JSON.stringify({ type, data });

describe("decodeServerMessage: frames to skip", () => {
  const cases: readonly [string, string | Uint8Array, string][] = [
    ["empty", "", "a frame of 0 characters that is not JSON"],
    ["half an object", "{", "a frame of 1 characters that is not JSON"],
    ["null", "null", "a message without a type"],
    ["a number", "42", "a message without a type"],
    ["a string", '"task_assignment"', "a message without a type"],
    ["a list", '[{"type":"task_assignment"}]', "a message without a type"],
    ["an empty object", "{}", "a message without a type"],
    ["a type that is no string", '{"type":{"secret":1}}', "a message without a type"],
    ["an inherited type", '{"__proto__":{"type":"task_cancellation"}}', "a message without a type"],
    ["3 MB of x", "x".repeat(3_000_000), "a frame of 3000000 characters that is not JSON"],
    ["binary", new Uint8Array([123, 125]), "a binary frame of 2 bytes"],
    ["an unknown type", frame("hello\x1b[2J", {}), 'a message of the unknown type "hello\\u001b[2J"'],
    ["a type named like a method", frame("toString", {}), 'a message of the unknown type "toString"'],
    ["an endless type", frame("y".repeat(5000), {}), `a message of the unknown type "${"y".repeat(60)}…"`],
  ];
  test.each(cases)("%s", (_name, text, reason) => {
    expect(decodeServerMessage(text)).toEqual({ type: "skipped", reason });
  });

  const data = [
    undefined,
    null,
    5,
    "text",
    [],
    [{ task_id: "t" }],
    {},
    ...[null, 5, "", " \n", [], {}].map((id) => ({ task_id: id })),
  ];
  test.each(data.map((each) => [each]))("data %j has no task id to answer with", (each) => {
    for (const type of ["task_assignment", "task_cancellation"]) {
      const expected = { type: "skipped" as const, reason: `${type} without a usable task_id` };
      expect(decodeServerMessage(frame(type, each))).toEqual(expected);
    }
  });

  test("deep nesting, whatever it is nested in", () => {
    for (const depth of [1_000, 1_000_000]) {
      expect(decodeServerMessage("[".repeat(depth)).type).toBe("skipped");
      expect(decodeServerMessage("[".repeat(depth) + "]".repeat(depth)).type).toBe("skipped");
    }
  });
});
