import { describe, expect, test } from "bun:test";
import { createRedactor, REDACTED } from "../../../src/support/redaction.ts";

/** Of processor time; far from what would be needed if it grew with the square. */
const LIMIT_MS = 8_000;

function timed<T>(action: () => T): T {
  const before = process.cpuUsage();
  const result = action();
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(LIMIT_MS);
  return result;
}

describe("time and memory are linear", () => {
  test("with secrets that all begin alike, and one long line of that beginning", () => {
    const secrets = Array.from({ length: 20_000 }, (_, n) => `${"a".repeat(60)}${n}`);
    expect(timed(() => createRedactor(secrets)("a".repeat(200_000)))).toBe(REDACTED);
  });

  test("with every short length, and a text in which each place may begin one", () => {
    const secrets = Array.from(
      { length: 100_000 },
      (_, n) => `${"ab".repeat(n % 6)}${n.toString(2).replaceAll("0", "b")}`,
    );
    const text = "abba".repeat(50_000);
    expect(timed(() => createRedactor(secrets)(text))).toBe(text);
  }, 30_000);

  test.each([
    ["escapes that end in each other", `${"%3".repeat(100_000)}5`],
    ["backslashes", "\\".repeat(200_000)],
    ["entities without an end", "&#".repeat(100_000)],
    ["escape sequences without an end", "\x1b[".repeat(100_000)],
    ["logins without a host", "a:".repeat(100_000)],
    ["at signs", "@".repeat(200_000)],
    ["white space", " ".repeat(200_000)],
    ["dumps without bytes", "00000000  ".repeat(20_000)],
    ["line breaks", "\n".repeat(200_000)],
  ])(
    "with %s",
    (_name, text) => {
      timed(() => createRedactor(["a-secret-that-is-not-there", "%3535355"])(text));
    },
    30_000,
  );

  test("with 4 MB of short lines as secrets: under 300 MiB for the whole process", async () => {
    const script = `
      import { createRedactor } from ${JSON.stringify(new URL("../../../src/support/redaction.ts", import.meta.url).pathname)};
      const lines = Array.from({ length: 400_000 }, (_, n) => (0x10000000 + 7 * n).toString(16));
      const values = [];
      for (let at = 0; at < lines.length; at += 10_000) values.push(lines.slice(at, at + 10_000).join("\\n"));
      console.log(createRedactor(values)("an output " + lines[123_456]));
      console.log(/VmHWM:\\s+(\\d+) kB/.exec(await Bun.file("/proc/self/status").text())[1]);
    `;
    const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
    const [shown, peak] = (await new Response(child.stdout).text()).split("\n");
    expect(shown).toBe(`an output ${REDACTED}`);
    expect(Number(peak) / 1024).toBeLessThan(300);
  }, 30_000);
});
