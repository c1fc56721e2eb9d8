import { afterAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const folder = mkdtempSync(join(tmpdir(), "oz-stderr-sink-"));
afterAll(() => rmSync(folder, { recursive: true }));

const SINK = join(import.meta.dir, "../../src/support/stderr-sink.ts");

/** Starts a process with the sink on its stderr, behind a shell so that the descriptor is a true pipe. */
function start(name: string, body: string, redirect: string) {
  const script = join(folder, `${name}.ts`);
  writeFileSync(script, `import { stderrSink } from ${JSON.stringify(SINK)};\nconst write = stderrSink();\n${body}\n`);
  const command = `exec 3>&1; { "$0" "$1"; echo "exit $?" >&3; } ${redirect}`;
  const child = spawn("/bin/sh", ["-c", command, process.execPath, script, join(folder, `${name}.go`)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  return { child, text: () => Buffer.concat(output).toString() };
}

/** Lets the reader of `AFTER_GO` begin. */
const go = (name: string) => `require("node:fs").writeFileSync(${JSON.stringify(join(folder, `${name}.go`))}, "");`;
const AFTER_GO = '{ while [ ! -e "$2" ]; do sleep 0.02; done; cat; }';

const NUMBERED = (count: number, width: number) =>
  `for (let n = 0; n < ${count}; n++) write(String(n).padStart(${width}, ".") + "\\n");`;

describe("stderrSink", () => {
  test("has written every line when the process exits at once", async () => {
    const { child, text } = start("exit", `${NUMBERED(1000, 9)}\nprocess.exit(7);`, "2>&1 | cat");
    await once(child, "close");
    const lines = text().trimEnd().split("\n");
    expect(lines).toContain("exit 7");
    expect(lines.filter((line) => line.startsWith("."))).toHaveLength(1000);
  });

  test("survives a reader that goes away", async () => {
    const body = `${NUMBERED(10, 9)}
      await Bun.sleep(300);
      for (let n = 0; n < 1000; n++) write("x".repeat(1000) + "\\n");
      await Bun.sleep(50);
      process.exit(5);`;
    const { child, text } = start("closed", body, "2>&1 >/dev/null | head -n 1");
    await once(child, "close");
    expect(text()).toContain("........0\n");
    expect(text()).toContain("exit 5\n");
  });

  test("survives a stderr that was never open", async () => {
    const { child, text } = start("never", `${NUMBERED(10, 9)}\nprocess.exit(6);`, "2>&-");
    await once(child, "close");
    expect(text()).toBe("exit 6\n");
  });

  test("gives a slow reader every line, in order, without making the process wait", async () => {
    const body = `${NUMBERED(500, 999)}
      ${go("slow")}
      process.exit(3);`;
    const { child, text } = start("slow", body, `2>&1 | ${AFTER_GO}`);
    await once(child, "close");
    const lines = text().trimEnd().split("\n");
    const numbers = lines.filter((line) => line.startsWith(".")).map((line) => Number(line.replace(/^\.+/, "")));
    expect(numbers).toEqual(Array.from({ length: 500 }, (_, n) => n));
    expect(lines).toContain("exit 3");
  });

  test("keeps running beside a reader that stands still, and says later what it dropped", async () => {
    const body = `${NUMBERED(4000, 999)}
      ${go("still")}
      await Bun.sleep(300);
      write("last\\n");
      process.exit(0);`;
    const { child, text } = start("still", body, `2>&1 | ${AFTER_GO}`);
    await once(child, "close");
    const lines = text().trimEnd().split("\n");
    const kept = lines.filter((line) => line.startsWith(".")).length;
    const notice = lines.find((line) => line.includes("log lines were dropped"));
    expect(kept).toBeLessThan(4000);
    expect(notice).toBe(`(${4000 - kept} log lines were dropped: stderr was not read)`);
    expect(lines).toContain("last");
  });

  test("does not hold the process's end up for a reader that never reads", async () => {
    const body = `${NUMBERED(500, 999)}\nprocess.exit(4);`;
    const begin = performance.now();
    const { child, text } = start("never-read", body, `2>&1 | ${AFTER_GO.replace("cat", "true")}`);
    while (!text().includes("exit 4") && performance.now() - begin < 4_000) await pause(20);
    writeFileSync(join(folder, "never-read.go"), "");
    expect(text()).toBe("exit 4\n");
    await once(child, "close");
  });
});
