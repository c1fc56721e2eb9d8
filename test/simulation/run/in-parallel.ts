import { join } from "node:path";
import * as v from "valibot";
import { emptyTally, merged, Tally } from "./report.ts";

const SCRIPT = join(import.meta.dir, "../../../scripts/simulate.ts");

/** Runs the simulation of these arguments in several processes at once, each a share of it. Rejects if one breaks off. */
export async function inParallel(args: readonly string[], processes: number): Promise<Tally> {
  const shares = Array.from({ length: processes }, async (_, index) => {
    const child = Bun.spawn([process.execPath, SCRIPT, ...args, "--share", `${index}/${processes}`], {
      stdout: "pipe",
      stderr: "inherit",
    });
    const [text, code] = await Promise.all([new Response(child.stdout).text(), child.exited]);
    if (code !== 0) throw new Error(`a share of the simulation broke off with ${code}`);
    return v.parse(Tally, JSON.parse(text));
  });
  return (await Promise.all(shares)).reduce(merged, emptyTally());
}
