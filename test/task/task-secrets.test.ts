import { expect, test } from "bun:test";
import { secretsOfContainer } from "../../src/task/task-environment.ts";

test("a container tells the secrets of its task: variables and MCP texts, no plain values", () => {
  const environment = ["TASK_ID=task-12345", "PATH=/usr/bin:/bin", "TOKEN=tok=en-1", "SHORT=abc", "EMPTY="];
  const command = [
    "/agent/entrypoint.sh",
    "agent",
    "run",
    "--mcp",
    '{"a":{"env":{"KEY":"mcp-secret"}}}',
    "--model",
    "m",
  ];
  expect([...secretsOfContainer(environment, command)].sort()).toEqual(["mcp-secret", "tok=en-1"]);
});

test("an MCP argument that is no JSON is a secret as a whole", () => {
  expect(secretsOfContainer([], ["--mcp", "not json"])).toEqual(["not json"]);
});
