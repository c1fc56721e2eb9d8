import { describe, expect, test } from "bun:test";
import { parseBackendName } from "../../src/config/backend-name.ts";
import { nearest } from "../../src/config/nearest.ts";
import { parseCount, parseLogLevel, parseServiceUrl, parseWorkerId } from "../../src/config/setting-values.ts";
import { shown } from "../../src/config/shown.ts";

const no = (problem: string) => ({ ok: false as const, problem: expect.stringContaining(problem) });

describe("worker id", () => {
  test.each(["prod-runner-1", "a", "Warp-1", "my-warp", "läufer 3", "a$b", "50%", "it's", "a<b>", "{x}", "'"])(
    "%j is taken",
    (id) => {
      expect(parseWorkerId(` ${id}\n`)).toEqual({ ok: true, value: id });
    },
  );
  const refused: [id: string, problem: string][] = [
    ["", "blank"],
    [" \t", "blank"],
    ["warp", "reserved"],
    ["warp-1", "reserved"],
    [" warpdrive", "reserved"],
    ["a\nb", "control characters"],
    ["a\u001b[31m", "control characters"],
    ["a\u2028b", "control characters"],
    ["a\ud800", "control characters"],
    [`\${WORKER_ID}`, "nothing has filled in"],
    [`prod-\${HOSTNAME}-1`, "nothing has filled in"],
    [`'\${HOSTNAME}'`, "nothing has filled in"],
    ["$HOSTNAME", "nothing has filled in"],
    ["$(hostname)", "nothing has filled in"],
    ["{{ inventory_hostname }}", "nothing has filled in"],
    ["<%= node %>", "nothing has filled in"],
    ["%HOSTNAME%", "nothing has filled in"],
    ["<worker-id>", "nothing has filled in"],
    ['"prod-1"', "stands in quotes"],
    ["'prod-1'", "stands in quotes"],
    ["“prod-1”", "stands in quotes"],
  ];
  test.each(refused)("%j is refused: %s", (id, problem) => {
    expect(parseWorkerId(id)).toEqual(no(problem));
  });
});

describe("task limit", () => {
  test.each([
    ["0", 0],
    ["4", 4],
    ["007", 7],
    ["2147483647", 2147483647],
  ] as const)("%s", (text, count) => {
    expect(parseCount(text)).toEqual({ ok: true, value: count });
  });
  const refused = [
    "",
    " 4",
    "-1",
    "-0",
    "+4",
    "1.5",
    "4.0",
    "1e3",
    "0x10",
    "four",
    "NaN",
    "Infinity",
    "2147483648",
    "9".repeat(40),
  ];
  test.each(refused)("%j is refused", (text) => {
    expect(parseCount(text)).toEqual(no("a whole number, 0 (unlimited) or more"));
  });
});

test("log level: the four names, in any case", () => {
  for (const level of ["debug", "info", "warn", "error"] as const) {
    const cased = [level, level.toUpperCase(), `${level.slice(0, 1).toUpperCase()}${level.slice(1)}`, ` ${level}\n`];
    for (const text of cased) expect(parseLogLevel(text)).toEqual({ ok: true, value: level });
  }
  for (const level of ["", "warning", "trace", "toString"]) {
    expect(parseLogLevel(level)).toEqual(no("takes debug, info, warn or error"));
  }
});

describe("backend", () => {
  test("docker", () => {
    expect(parseBackendName("docker")).toEqual({ ok: true, value: "docker" });
  });
  test.each(["kubernetes", "direct", "command"])("%s is another one, by name", (name) => {
    expect(parseBackendName(name)).toEqual(no(`${name} is another backend of the same daemon and is not built here`));
  });
  test.each(["", "Docker", "podman", "dokcer"])("%j is unknown", (name) => {
    expect(parseBackendName(name)).toEqual(no("takes docker"));
  });
});

describe("address", () => {
  const taken: [text: string, scheme: string][] = [
    ["ws://127.0.0.1:8080/ws", "ws"],
    ["wss://oz.example/ws?x=1", "wss"],
    ["WSS://oz.example", "wss"],
    ["http://[::1]:80", "http"],
  ];
  test.each(taken)("%s", (text, scheme) => {
    expect(parseServiceUrl(` ${text}\n`, [scheme])).toEqual({ ok: true, value: text });
  });
  const refused: [text: string, problem: string][] = [
    ["", "blank"],
    ["https://hunter2.example", "starts with ws:// or wss://"],
    ["ws:hunter2", "starts with ws:// or wss://"],
    ["hunter2", "starts with ws:// or wss://"],
    ["ws://", "names a host"],
    ["ws://a:hunter2", "names a host"],
    ["ws://user:hunter2@a", "without a user or password"],
    ["ws://hunter2@a", "without a user or password"],
    ["ws://a/#hunter2", "without a # part"],
    ["ws://a/hun\nter2", "without white space"],
    ["ws://a b", "without white space"],
  ];
  test.each(refused)("%j is refused unseen: %s", (text, problem) => {
    const result = parseServiceUrl(text, ["ws", "wss"]);
    expect(result).toEqual(no(problem));
    expect(JSON.stringify(result)).not.toContain("hunter2");
  });
});

test("the nearest name", () => {
  const known = ["worker-id", "api-key", "env", "help", "log-level", "max-concurrent-tasks"];
  const table: [name: string, near: string | undefined][] = [
    ["worker_id", "worker-id"],
    ["wroker-id", "worker-id"],
    ["API-KEY", "api-key"],
    ["apikey", "api-key"],
    ["max", "max-concurrent-tasks"],
    ["evn", "env"],
    ["hlep", "help"],
    ["image", undefined],
    ["", undefined],
    ["x".repeat(5000), undefined],
  ];
  for (const [name, near] of table) expect(nearest(name, known)).toBe(near);
});

test("what is shown stays on one line, short, and without what follows a =", () => {
  expect(shown("a\nb\u001b")).toBe('"a\\u000ab\\u001b"');
  expect(shown("KEY=hunter2")).toBe('"KEY=…"');
  expect(shown("x".repeat(500)).length).toBeLessThan(100);
});
