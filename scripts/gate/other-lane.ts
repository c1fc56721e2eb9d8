import { join } from "node:path";
import type { Batch } from "./batches.ts";
import { NO_TESTS, type TestVerdict } from "./test-verdict.ts";

/** Runs batches in a process that has a daemon and a registry of its own, or a name of its own on the machine's daemon. */
export async function runOtherLane(
  batches: readonly Batch[],
  taken: string,
  interruption: AbortSignal,
): Promise<TestVerdict> {
  const child = Bun.spawn(
    [process.execPath, join(import.meta.dir, "../test-lane.ts"), JSON.stringify(batches), taken],
    // A session of its own: Ctrl-C reaches it once, from here.
    { stdin: "ignore", stdout: "pipe", stderr: "inherit", detached: true },
  );
  const interrupt = () => child.kill("SIGTERM");
  interruption.addEventListener("abort", interrupt, { once: true });
  const [text, code] = await Promise.all([new Response(child.stdout).text(), child.exited]);
  interruption.removeEventListener("abort", interrupt);
  if (interruption.aborted) return NO_TESTS;
  if (code === 0) return JSON.parse(text) as TestVerdict;
  return { passed: 0, failed: 1, problems: [`a lane of tests broke off (exit code ${code})`] };
}
