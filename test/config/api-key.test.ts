import { describe, expect, test } from "bun:test";
import { parseApiKey, readApiKeyFile } from "../../src/config/api-key.ts";

describe("a key is taken, trimmed", () => {
  const keys = [
    ...["wk-1.abc_DEF", "wk-1", "wk-key", "test-key", "secret", "wk-0123456789abcdef0123456789abcdef"],
    ...[
      "wk-1.a8Xx_yourQ-9",
      "AbC+/9==",
      "wk-xx",
      "x-1",
      "a$b",
      "wk-yourkeyhere7",
      "env:7",
      "wk-changed-7",
      "api-key-7",
      "key.here1",
      "test-api-key",
      "my-key",
      "example-key",
    ],
  ];
  test.each(keys)("%s", (key) => {
    expect(parseApiKey(` ${key}\r\n`)).toEqual({ ok: true, value: key });
  });
});

/** The lines never show the key; nor does any of the refused ones stand in a fixed text. */
function refused(key: string, problem: string): void {
  const result = parseApiKey(key);
  expect(result).toEqual({ ok: false, problem: expect.stringContaining(problem) });
  expect(JSON.stringify(result)).not.toContain("hunter2");
}

describe("quotes of any kind, on both sides or one", () => {
  const quoted = [
    ...['"wk-hunter2"', "'wk-hunter2'", "`wk-hunter2`", "“wk-hunter2”", "‘wk-hunter2’", "«wk-hunter2»", "„wk-hunter2“"],
    ...['"wk-hunter2', "wk-hunter2'", '\\"wk-hunter2\\"', ' "wk-hunter2"\n', '" wk-hunter2 "', "＂wk-hunter2＂"],
  ];
  test.each(quoted)("%j", (key) => {
    refused(key, "stands in quotes, which would be sent as part of it; leave them out");
  });
});

describe("a placeholder that was copied", () => {
  const placeholders = [
    ...["your_team_api_key", "your_api_key", "your-api-key", "YOUR_API_KEY", "your", "yourapikey", "wk-your-key"],
    ...["wk-your_team_api_key", "replace-with-your-key", "<your-api-key>", '"your_team_api_key"', "[api-key]", "(key)"],
    ...[
      "{api_key}",
      "wk-...",
      "...",
      "wk-…",
      "…",
      "xxx",
      "XXXXXXXX",
      "wk-xxx",
      "wk-xxxx-xxxx",
      "wk_xxx",
      "***",
      "••••",
    ],
    ...["wk-****", "wk-1a2b...9f", "wk-1a2b***9f", "changeme", "change-me", "CHANGE_ME", "replaceme", "replace_me"],
    ...["insert_key_here", "paste-key-here", "enter_api_key", "put-your-key-here", "api_key", "API_KEY"],
    ...["wk-<key>", "YOURKEYHERE", "yourApiKeyHere", "your-key-here"],
    ...["team_api_key", "WARP_API_KEY", "placeholder", "REDACTED", "TODO", "null", "None", "undefined"],
  ];
  test.each(placeholders)("%j", (key) => {
    const result = parseApiKey(key);
    expect(result.ok).toBe(false);
    expect(JSON.stringify(result)).toMatch(
      /is a placeholder or a shortened key; create a key at|nothing has filled in/,
    );
  });
});

describe("a variable or a template that nothing has filled in", () => {
  const templates = [
    ..."WARP_API_KEY hunter2"
      .split(" ")
      .flatMap((name) => [`\${${name}}`, `$${name}`, `%${name}%`, `<${name}>`, `$env:${name}`]),
    ...[
      "$(cat hunter2)",
      "{{ hunter2 }}",
      `\${{ secrets.hunter2 }}`,
      "<%= hunter2 %>",
      `'\${WARP_API_KEY}'`,
      `wk-\${X}`,
    ],
  ];
  test.each(templates)("%j", (key) => refused(key, "nothing has filled in; it takes the key itself"));
});

test("the name before the key", () => {
  refused("WARP_API_KEY=wk-hunter2", "starts with WARP_API_KEY= itself; it takes only what follows");
  refused('"WARP_API_KEY=wk-hunter2"', "starts with WARP_API_KEY= itself");
});

describe("what no header can carry", () => {
  test.each(["wk hunter2", "wk\nhunter2", "wk\0hunter2", "wk-ü-hunter2"])("%j", (key) =>
    refused(key, "no API key has"),
  );
});

test("blank: the line says where to get one", () => {
  refused(" \n", "is blank; it takes the team API key (create a key at https://oz.warp.dev/settings under API keys)");
});

describe("a key in a file", () => {
  const holding = (text: string) => () => ({ kind: "content" as const, bytes: new TextEncoder().encode(text) });
  test("is read without the line break behind it", () => {
    expect(readApiKeyFile("/run/secrets/key", holding("wk-1\n"))).toEqual({ ok: true, value: "wk-1" });
  });
  test.each([
    ["/run/secrets/key", '"wk-hunter2"', "WARP_API_KEY_FILE: /run/secrets/key: what it holds stands in quotes"],
    ["/run/secrets/key", "\n", "WARP_API_KEY_FILE: /run/secrets/key: what it holds is blank"],
    [" ", "wk-1", "WARP_API_KEY_FILE is blank"],
  ])("%j with %j: %s", (path, text, problem) => {
    expect(readApiKeyFile(path, holding(text))).toEqual({ ok: false, problem: expect.stringContaining(problem) });
  });
  test("that is not there is named, with the reason", () => {
    const problem = expect.stringMatching(
      /^WARP_API_KEY_FILE: \/nonexistent\/key cannot be read: there is no such file/,
    );
    expect(readApiKeyFile("/nonexistent/key")).toEqual({ ok: false, problem });
  });
});
