import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A folder of the test's own, gone with `using`. */
export class ScratchFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), "oz-endpoint-test-"));

  /** Writes a file, its folders included; anything but a text is written as JSON. Answers its path. */
  write(name: string, content: unknown, mode = 0o644): string {
    const file = join(this.path, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content), { mode });
    return file;
  }

  /** Runs a program to its end and answers its stdout; throws what it wrote to stderr if it fails. */
  run(command: readonly string[], env: Record<string, string | undefined> = process.env): string {
    const run = Bun.spawnSync([...command], { cwd: this.path, env });
    if (run.exitCode !== 0) throw new Error(`${command.join(" ")}: ${run.stderr.toString()}`);
    return run.stdout.toString();
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** What to put before a command so that file permissions count for it even if root runs the tests. */
export function withoutRootsRights(): readonly string[] {
  const rights = "-dac_override,-dac_read_search";
  return process.getuid?.() === 0 ? ["setpriv", `--bounding-set=${rights}`, `--inh-caps=${rights}`] : [];
}
