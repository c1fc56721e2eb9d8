import { catchInterruption } from "./environment/interruption.ts";
import { isProblem } from "./environment/problem.ts";
import type { Batch } from "./gate/batches.ts";
import { inLane } from "./gate/lane.ts";
import { runBatches } from "./gate/run-batches.ts";

/** A lane of the gate beside the first one: batches of tests, as JSON, and the folder in which lanes take them. The verdict goes to stdout. */
const [batches, taken] = process.argv.slice(2);
const say = (line: string) => console.error(line);
const interruption = catchInterruption();
const verdict = await inLane(say, interruption, (environment) =>
  runBatches(environment, JSON.parse(batches ?? "[]") as readonly Batch[], taken ?? "", say, interruption),
);
if (isProblem(verdict)) {
  say(verdict.problem);
  process.exitCode = 1;
} else {
  console.log(JSON.stringify(verdict));
}
