import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createLog, type LogOptions } from "../../src/support/create-log.ts";
import { LOG_LEVELS } from "../../src/support/log.ts";

const NOON = new Date("2026-03-04T12:00:00.123Z");

function recordingLog(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const write = (line: string) => lines.push(line);
  return { lines, log: createLog({ level: "debug", write, style: { kind: "plain" }, now: () => NOON, ...options }) };
}

describe("createLog", () => {
  test("writes time, level, message and fields", () => {
    const { log, lines } = recordingLog();
    log.info("Connected to Oz", { worker: "w-1", attempt: 2, healthy: true, gone: undefined });
    expect(lines).toEqual(["2026-03-04T12:00:00.123Z INFO Connected to Oz worker=w-1 attempt=2 healthy=true\n"]);
  });

  test.each(LOG_LEVELS.map((level, index) => [level, LOG_LEVELS.length - index] as const))(
    "at level %s writes %i of the four",
    (level, expected) => {
      const { log, lines } = recordingLog({ level });
      for (const each of LOG_LEVELS) log[each]("event");
      expect(lines.map((line) => line.split(" ")[1])).toEqual(LOG_LEVELS.slice(-expected).map((l) => l.toUpperCase()));
    },
  );

  test("carries the fields of with(), the nearest one winning", () => {
    const { log, lines } = recordingLog();
    log.with({ task: "t1", stage: "a" }).with({ stage: "b" }).warn("m", { extra: 1 });
    expect(lines[0]).toContain(" m task=t1 stage=b extra=1\n");
  });

  const values: readonly [string, string][] = [
    ["simple-value_1.0:/x@y", "simple-value_1.0:/x@y"],
    ["ümlaut漢", "ümlaut漢"],
    ["", '""'],
    ["two words", '"two words"'],
    ["a=b", '"a=b"'],
    ['say "hi"', '"say \\"hi\\""'],
    ["back\\slash", '"back\\\\slash"'],
    ["line\r\nbreak", '"line\\r\\nbreak"'],
    ["\x1b]0;title\x07", '"\\u001b]0;title\\u0007"'],
    ["\x9b2J", '"\\u009b2J"'],
    ["\u202etxt", '"\\u202etxt"'],
    ["\u2028", '"\\u2028"'],
  ];
  test.each(values)("writes the value %j as %s", (value, expected) => {
    const { log, lines } = recordingLog();
    log.info("m", { key: value });
    expect(lines[0]).toBe(`2026-03-04T12:00:00.123Z INFO m key=${expected}\n`);
  });

  test("keeps a message with line breaks and escapes, and an odd key, on one harmless line", () => {
    const { log, lines } = recordingLog();
    log.error("first\nsecond\x1b[2J", { "a b\n=": 1 });
    expect(lines[0]).toBe("2026-03-04T12:00:00.123Z ERROR first\\nsecond\\u001b[2J a_b__=1\n");
  });

  test("bounds messages and values", () => {
    const { log, lines } = recordingLog();
    log.info("m".repeat(100_000), { key: "v".repeat(100_000) });
    expect(lines[0]?.length).toBeLessThan(4_200);
    expect(lines[0]).toContain("…");
  });

  test("filters messages and values before they are quoted or cut", () => {
    const redact = (text: string) => text.replaceAll('se"cret', "[redacted]");
    const { log, lines } = recordingLog({ redact });
    log.info('with se"cret', { key: 'x se"cret', long: `${"y".repeat(1_997)}se"cret` });
    expect(lines[0]).not.toContain("cret");
    expect(lines[0]).toContain('with [redacted] key="x [redacted]"');
  });

  test("on a terminal writes the local time of day and colours, and no colours where they are off", () => {
    const time = [NOON.getHours(), NOON.getMinutes(), NOON.getSeconds()]
      .map((n) => String(n).padStart(2, "0"))
      .join(":");
    const colourful = recordingLog({ style: { kind: "people", colours: true } });
    colourful.log.warn("m", { k: "v" });
    expect(colourful.lines).toEqual([`\x1b[2m${time}\x1b[0m \x1b[33mWARN \x1b[0m m \x1b[2mk=\x1b[0mv\n`]);
    const plain = recordingLog({ style: { kind: "people" } });
    plain.log.warn("m", { k: "v" });
    expect(plain.lines).toEqual([`${time} WARN  m k=v\n`]);
  });

  test("made of random bytes is lines of time, level and text without a control character", () => {
    const units = fc.array(fc.nat(0xffff), { maxLength: 60 }).map((codes) => String.fromCharCode(...codes));
    const bytes = fc.uint8Array({ maxLength: 3_000 }).map((part) => Buffer.from(part).toString("utf8"));
    const latin = fc.uint8Array({ maxLength: 3_000 }).map((part) => Buffer.from(part).toString("latin1"));
    const text = fc.oneof(units, bytes, latin);
    const check = (message: string, fields: Record<string, string>, more: Record<string, string>) => {
      const { log, lines } = recordingLog();
      log.with(fields).error(message, more);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(/^2026-03-04T12:00:00\.123Z ERROR[^\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]*\n$/u);
    };
    const fields = fc.dictionary(text, text, { maxKeys: 4 });
    fc.assert(fc.property(text, fields, fields, check), { numRuns: 300 });
  });

  test("for people on a terminal long lines are broken at spaces, below the message, in one write", () => {
    const { log, lines } = recordingLog({ style: { kind: "people", columns: () => 60 } });
    log.info("one two three four five six seven eight nine ten", { task: "t-1", execution: "e-1", said: "a b" });
    expect(lines).toHaveLength(1);
    const [first = "", ...rest] = (lines[0] ?? "").trimEnd().split("\n");
    expect(first).toMatch(/^\d\d:\d\d:\d\d INFO {2}one two/);
    expect(rest.length).toBeGreaterThan(0);
    for (const line of rest) expect(line).toMatch(/^ {15}\S/);
    for (const line of [first, ...rest]) expect(line.length).toBeLessThanOrEqual(60);
    expect(lines[0]).not.toContain("execution");
  });

  test("logfmt and JSON for machines", () => {
    const logfmt = recordingLog({ style: { kind: "logfmt" } });
    logfmt.log.warn('two "words"', { task: "t-1", text: "a b" });
    expect(logfmt.lines).toEqual([
      'time=2026-03-04T12:00:00.123Z level=warn msg="two \\"words\\"" task=t-1 text="a b"\n',
    ]);
    const json = recordingLog({ style: { kind: "json" } });
    json.log.error("m\u202e\u{f0000}\u001b", { task: "t-1", count: 2, time: "x" });
    expect(json.lines[0]).toMatch(/^[\x20-\x7e]*\n$/);
    expect(JSON.parse(json.lines[0] ?? "")).toEqual({
      ...{ time: "2026-03-04T12:00:00.123Z", level: "error", msg: "m\u202e\u{f0000}\u001b" },
      ...{ task: "t-1", count: 2, time_: "x" },
    });
  });

  test("for the journal the level is a prefix, and the time its own", () => {
    const { log, lines } = recordingLog({ style: { kind: "plain", isForJournal: true, hasTime: false } });
    log.error("broken", { a: 1 });
    log.debug("fine");
    expect(lines).toEqual(["<3>ERROR broken a=1\n", "<7>DEBUG fine\n"]);
  });

  test("does not throw when writing does", () => {
    const { log } = recordingLog({
      write: () => {
        throw new Error("EPIPE");
      },
    });
    expect(() => log.info("m")).not.toThrow();
  });
});
