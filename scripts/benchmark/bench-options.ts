import { parseArgs } from "node:util";
import { messageOf, type Problem } from "../environment/problem.ts";
import { MEASUREMENTS } from "./measurements.ts";

/** What `scripts/bench` is told. */
export interface BenchOptions {
  readonly help: boolean;
  /** A compiled worker; without one the sources are compiled for this run. */
  readonly worker: string | undefined;
  /** Where the data goes. */
  readonly json: string | undefined;
  /** Where the bar chart goes. */
  readonly chart: string | undefined;
  /** Data of an earlier run to draw, in place of measuring. */
  readonly from: string | undefined;
  /** Names of measurements; all but the long ones where it is empty. */
  readonly only: readonly string[];
  readonly long: boolean;
  /** Factor for the number of rounds. */
  readonly rounds: number;
}

export const BENCH_USAGE = `scripts/bench measures the worker against the bare Docker API on this machine's daemon.

  --worker PATH   a compiled worker (default: the sources are compiled for this run)
  --only NAMES    of ${MEASUREMENTS.map(({ name }) => name).join(", ")}; separated by commas
  --long          also what takes long: memory over 1,000 tasks
  --rounds F      factor for the number of rounds, such as 0.2 for a quick look (default 1)
  --json FILE     write the data
  --chart FILE    draw a bar chart of the data (SVG)
  --from FILE     take the data of an earlier run in place of measuring
`;

/** Reads the words after the program's name. */
export function readBenchOptions(args: readonly string[]): BenchOptions | Problem {
  try {
    const { values } = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        help: { type: "boolean", default: false },
        worker: { type: "string" },
        json: { type: "string" },
        chart: { type: "string" },
        from: { type: "string" },
        only: { type: "string", default: "" },
        long: { type: "boolean", default: false },
        rounds: { type: "string", default: "1" },
      },
    });
    const only = values.only.split(",").filter((name) => name !== "");
    const unknown = only.find((name) => !MEASUREMENTS.some((one) => one.name === name));
    if (unknown !== undefined) {
      return { problem: `--only: ${unknown} is none of ${MEASUREMENTS.map(({ name }) => name).join(", ")}` };
    }
    const rounds = Number(values.rounds);
    if (!(rounds > 0 && rounds <= 100)) return { problem: "--rounds takes a factor above 0, such as 0.2 or 2" };
    const { help, worker, json, chart, from, long } = values;
    return { help, worker, json, chart, from, only, long, rounds };
  } catch (thrown) {
    return { problem: `${messageOf(thrown)}; see scripts/bench --help` };
  }
}
