import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { inParallel } from "../test/simulation/run/in-parallel.ts";
import { readReplayLine } from "../test/simulation/run/replay-line.ts";
import { figures, type Tally } from "../test/simulation/run/report.ts";
import { runLine } from "../test/simulation/run/run-line.ts";
import { runMany } from "../test/simulation/run/run-many.ts";
import { GATE, type Wanted, workList } from "../test/simulation/run/work-list.ts";
import { SCENARIOS } from "../test/simulation/scenarios/all-scenarios.ts";

const USAGE = `usage: scripts/simulate [--seeds A..B] [--scenario NAME|all] [--samples N]   what the gate runs, unless told
       scripts/simulate --replay LINE                                      one run, with its journal`;
const OPTIONS = {
  seeds: { type: "string" },
  scenario: { type: "string" },
  samples: { type: "string" },
  replay: { type: "string" },
  /** `index/of`: a share of the work, whose tally goes to stdout as JSON. */
  share: { type: "string" },
} as const;

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  if (values.replay !== undefined) return replay(values.replay);
  const wanted = readWanted(values);
  if (wanted === undefined) {
    console.error(`${USAGE}\nscenarios: ${SCENARIOS.map(({ name }) => name).join(", ")}`);
    return 2;
  }
  const [, index, of] = /^(\d+)\/(\d+)$/.exec(values.share ?? "") ?? [];
  if (index !== undefined) {
    console.log(JSON.stringify(await runMany(whileWanted(workList(wanted)), { index: Number(index), of: Number(of) })));
    return 0;
  }
  return show(await inParallel(args, availableParallelism()));
}

function readWanted(values: { seeds?: string; scenario?: string; samples?: string }): Wanted | undefined {
  const { seeds, scenario, samples = String(GATE.samples) } = values;
  if (seeds === undefined && scenario === undefined) return GATE;
  const [, from, to] = /^(\d+)(?:\.\.(\d+))?$/.exec(seeds ?? "") ?? [];
  if ((seeds !== undefined && from === undefined) || !/^\d+$/.test(samples)) return undefined;
  if (scenario !== undefined && scenario !== "all" && !SCENARIOS.some(({ name }) => name === scenario))
    return undefined;
  return {
    scenarios: scenario === undefined ? "none" : scenario === "all" ? "all" : { name: scenario },
    samples: Number(samples),
    ...(from === undefined ? {} : { seeds: { from: Number(from), to: Number(to ?? from) } }),
  };
}

function replay(text: string): number {
  const line = readReplayLine(text);
  if (line === undefined) {
    console.error(USAGE);
    return 2;
  }
  const { journal, problems } = runLine(line, true);
  console.log(journal.join("\n"));
  for (const problem of problems) console.log(`problem: ${problem}`);
  return problems.length === 0 ? 0 : 1;
}

/** A share is of use to nobody once the process is gone that has asked for it. */
function* whileWanted<T>(items: Iterable<T>): Generator<T> {
  const parent = process.ppid;
  for (const item of items) {
    if (process.ppid !== parent) return;
    yield item;
  }
}

/** The first failing run with its journal, the lines that replay the others, and the figures. */
function show(tally: Tally): number {
  const [first] = tally.violations;
  if (first !== undefined) replay(first.line);
  for (const { line, problems } of tally.violations)
    console.log(`FAILED scripts/simulate --replay "${line}": ${problems[0]}`);
  console.log(figures(tally));
  return first === undefined ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2)).catch((thrown: unknown) => {
  console.error(thrown instanceof Error ? thrown.message : String(thrown));
  return 1;
});
