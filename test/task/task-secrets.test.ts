import { describe, expect, test } from "bun:test";
import { collectSecrets, secretsOfContainer } from "../../src/task/task-secrets.ts";

const sorted = (secrets: readonly string[]) => [...secrets].sort();

function fromEnvironment(variables: Readonly<Record<string, string>>): readonly string[] {
  const environment = Object.entries(variables).map(([name, value]) => ({ name, value }));
  return sorted(collectSecrets({ environment, objects: [], args: [] }));
}
const fromObject = (value: unknown) => sorted(collectSecrets({ environment: [], objects: [value], args: [] }));
const fromArguments = (...args: string[]) => sorted(collectSecrets({ environment: [], objects: [], args }));

describe("secrets of variables", () => {
  test("are values of 8 characters or more that are no ordinary words", () => {
    const variables = { A: "some-value-1", B: "short12", NODE_ENV: "production", CI: "true", LANG: "en_US.UTF-8" };
    expect(fromEnvironment(variables)).toEqual(["some-value-1"]);
  });

  test("are values of 4 or more, of any shape, where the name says so", () => {
    const variables = { API_TOKEN: "production", DB_PASSWORD: "abc1", PIN: "1234", SIGNING_KEY: "abc" };
    expect(fromEnvironment(variables)).toEqual(["1234", "abc1", "production"]);
  });

  test("are the credentials inside of a value too", () => {
    expect(fromEnvironment({ HEADER: "Bearer abc12345" })).toEqual(["Bearer abc12345", "abc12345"]);
    expect(fromEnvironment({ HEADER: "Authorization: Basic abc12345" })).toContain("abc12345");
    expect(fromEnvironment({ URL: "postgres://user:p%40ss1@db.example/x" })).toEqual([
      "p%40ss1",
      "p@ss1",
      "postgres://user:p%40ss1@db.example/x",
    ]);
    expect(fromEnvironment({ DB: "Server=db;Uid=me;Password=pa55;Database=x" })).toContain("pa55");
    expect(fromEnvironment({ ACCOUNT: '{"type":"x","private_key":"key1"}' })).toContain("key1");
  });
});

describe("secrets of JSON values", () => {
  test("are texts, long numbers and odd names, at any depth, in lists and in JSON inside of texts", () => {
    const servers = {
      tools: {
        command: "npx",
        args: ["-y", "@scope/server", "--api-key", "k1y2", "plain-value-of-a-list"],
        env: { LOG_LEVEL: "debug", TENANT: "tenant-name-7", PIN: 4711, PORT: 8080, ACCOUNT: 123456789012 },
        headers: { "header-5e1d-name": "on", "X-Request": "12345678" },
        nested: '{"deep":[{"password":"deep-1"}]}',
      },
    };
    expect(fromObject(servers)).toEqual([
      "12345678",
      "123456789012",
      "4711",
      "deep-1",
      "header-5e1d-name",
      "k1y2",
      "plain-value-of-a-list",
      "tenant-name-7",
      '{"deep":[{"password":"deep-1"}]}',
    ]);
  });

  test("are all below a name that says so", () => {
    expect(fromObject({ harness_auth_secrets: { OPENAI: ["abcd", { value: "efgh" }] } })).toEqual(["abcd", "efgh"]);
    expect(fromObject({ bootstrap_token: { token: "boot-1", expires_at: "2026-01-01" } })).toContain("boot-1");
  });

  test.each([[undefined], [null], [7], [true], [[]], [{}], ["true"]])("are none in %j", (value) => {
    expect(fromObject(value)).toEqual([]);
  });

  test("are found however deep the value is", () => {
    let value: unknown = "deep-secret";
    for (let depth = 0; depth < 50_000; depth++) value = depth % 2 === 0 ? [value] : { value };
    expect(fromObject(value)).toEqual(["deep-secret"]);
  });
});

describe("secrets of arguments", () => {
  test("are the values of unknown flags and plain ones", () => {
    expect(
      fromArguments("--note", "some-note-1", "--other=some-other-1", "plain-value", "--flag", "--on", "true"),
    ).toEqual(["plain-value", "some-note-1", "some-other-1"]);
  });

  test("are none of the flags that hold names and addresses", () => {
    expect(fromArguments("--model", "some-model-name-1", "--share=team:edit", "--harness", "some-harness")).toEqual([]);
  });

  test("are short ones where the flag, the variable or the header says so", () => {
    expect(
      fromArguments("--api-key", "abcd", "--token=efgh", "-e", "MY_PASSWORD=ijkl", "--header", "X-Auth: mnop"),
    ).toEqual(["abcd", "efgh", "ijkl", "mnop"]);
    expect(fromArguments("-e", "NODE_ENV=production", "-e", "CI=true")).toEqual([]);
  });

  test("are the texts of JSON", () => {
    expect(fromArguments("--mcp", '{"a":{"env":{"KEY":"k-1234"}}}')).toContain("k-1234");
  });
});

test("a container tells the secrets of its task: variables and MCP texts, no plain values", () => {
  const environment = [
    "TASK_ID=task-12345",
    "PATH=/usr/bin:/bin",
    "TOKEN=tok=en-1",
    "SHORT=abc",
    "EMPTY=",
    "NODE_ENV=test",
  ];
  const command = [
    "/agent/entrypoint.sh",
    ...["agent", "run", "--task-id", "task-12345", "--sandboxed", "--server-root-url", "https://app.example.com"],
    ...["--mcp", '{"a":{"env":{"KEY":"mcp-secret"}}}', "--model", "some-model-name-1", "--idle-on-complete"],
  ];
  expect(sorted(secretsOfContainer(environment, command))).toEqual([
    "mcp-secret",
    "tok=en-1",
    '{"a":{"env":{"KEY":"mcp-secret"}}}',
  ]);
});

test("an MCP argument that is no JSON is a secret as a whole", () => {
  expect(secretsOfContainer([], ["--mcp", "not json"])).toEqual(["not json"]);
});
