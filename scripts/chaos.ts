import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startStage } from "../test/chaos/chaos-stage.ts";
import { runSeed, type SeedReport } from "../test/chaos/run-seed.ts";
import { catchInterruption } from "./environment/interruption.ts";
import { isProblem, messageOf } from "./environment/problem.ts";
import { startEnvironment } from "./environment/start-environment.ts";

const USAGE = "usage: scripts/chaos --seeds A..B [--logs FOLDER]";
const say = (line: string) => console.error(line);

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { seeds: { type: "string" }, logs: { type: "string" } } });
  const [, from, to] = /^(\d+)(?:\.\.(\d+))?$/.exec(values.seeds ?? "") ?? [];
  if (from === undefined) {
    say(USAGE);
    return 2;
  }
  const interruption = catchInterruption();
  const environment = await startEnvironment("test", say);
  if (isProblem(environment)) {
    say(environment.problem);
    return 1;
  }
  const reports: SeedReport[] = [];
  try {
    await using stage = await startStage(environment);
    for (let seed = Number(from); seed <= Number(to ?? from) && !interruption.aborted; seed += 1) {
      const report = await runSeed(seed, stage);
      reports.push(report);
      say(line(report));
      if (problems(report).length > 0) await keepLog(report, values.logs);
    }
  } finally {
    for (const failure of await environment.stop()) say(`cannot be removed: ${failure}`);
  }
  const bad = reports.filter((report) => problems(report).length > 0);
  console.log(summary(reports));
  if (bad.length > 0) console.log(`violations in seeds ${bad.map(({ seed }) => seed).join(", ")}`);
  return bad.length === 0 ? 0 : 1;
}

function problems(report: SeedReport): readonly string[] {
  const of = (kind: string, list: readonly string[]) => list.map((problem) => `  ${kind}: ${problem}`);
  const { lost, doubled, wrong, leaked, other } = report;
  return [
    ...of("lost", lost),
    ...of("doubled", doubled),
    ...of("wrong", wrong),
    ...of("leaked", leaked),
    ...of("other", other),
  ];
}

function line(report: SeedReport): string {
  const found = problems(report);
  const verdict = found.length === 0 ? "passed" : "FAILED";
  return [`${verdict} seed ${report.seed}: ${report.faults} faults, ${report.seconds} s`, ...found].join("\n");
}

function summary(reports: readonly SeedReport[]): string {
  const sum = (count: (report: SeedReport) => number) => reports.reduce((total, report) => total + count(report), 0);
  return [
    `${reports.length} seeds`,
    `${sum(({ faults }) => faults)} faults injected`,
    `${sum(({ tasks }) => tasks)} tasks`,
    `${sum(({ lost }) => lost.length)} lost`,
    `${sum(({ doubled }) => doubled.length)} doubled`,
    `${sum(({ wrong }) => wrong.length)} wrong`,
    `${sum(({ leaked }) => leaked.length)} leaked`,
    `${sum(({ other }) => other.length)} other`,
  ].join(", ");
}

async function keepLog(report: SeedReport, folder: string | undefined): Promise<void> {
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `seed-${report.seed}.log`), `${line(report)}\n\n${report.log.join("\n")}\n`);
}

process.exitCode = await main(process.argv.slice(2)).catch((thrown: unknown) => {
  say(messageOf(thrown));
  return 1;
});
