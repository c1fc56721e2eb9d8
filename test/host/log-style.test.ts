import { expect, test } from "bun:test";
import { type LogTarget, logStyle } from "../../src/host/log-style.ts";

const pipe: LogTarget = { isTerminal: false, columns: () => undefined, env: {}, identity: "8:21" };
const terminal: LogTarget = { ...pipe, isTerminal: true, columns: () => 100 };

test("auto is for people on a terminal, and one plain line elsewhere", () => {
  expect(logStyle("auto", pipe)).toEqual({ kind: "plain", isForJournal: false, hasTime: true });
  expect(logStyle("auto", terminal)).toMatchObject({ kind: "people", colours: true });
  expect(logStyle("auto", terminal).columns?.()).toBe(100);
  expect(logStyle("auto", { ...terminal, columns: () => undefined }).columns?.()).toBe(80);
});

test("text is for people everywhere, without colours and breaks where there is no terminal", () => {
  expect(logStyle("text", pipe)).toEqual({ kind: "people", colours: false, isForJournal: false });
});

test.each([{ NO_COLOR: "1" }, { TERM: "dumb" }])("%j: no colours", (env) => {
  expect(logStyle("auto", { ...terminal, env }).colours).toBe(false);
});

test("NO_COLOR that is empty says nothing", () => {
  expect(logStyle("auto", { ...terminal, env: { NO_COLOR: "" } }).colours).toBe(true);
});

test("the journal has the time by itself, where this very stream leads to it", () => {
  expect(logStyle("auto", { ...pipe, env: { JOURNAL_STREAM: "8:21" } })).toEqual({
    kind: "plain",
    isForJournal: true,
    hasTime: false,
  });
  expect(logStyle("auto", { ...pipe, env: { JOURNAL_STREAM: "8:22" } }).isForJournal).toBe(false);
});

test("machines' formats stay what they are on a terminal", () => {
  expect(logStyle("json", terminal).kind).toBe("json");
  expect(logStyle("logfmt", terminal).kind).toBe("logfmt");
});
