import {
  type DaemonFacts,
  type ExaminationSurroundings,
  type ExaminedDocker,
  isThisMachine,
  openExamination,
} from "../docker/open-examination.ts";
import { diskSpace } from "../host/disk-space.ts";
import type { Clock } from "../support/clock.ts";
import { judgeDisk } from "./check-disk.ts";
import { judgeDocker, judgeNoDocker } from "./check-docker.ts";
import { judgeLimits } from "./check-limits.ts";
import { judgeLogs } from "./check-logs.ts";
import { judgeOrphans } from "./check-orphans.ts";
import { judgeTask } from "./check-task.ts";
import { collectingLog } from "./collecting-log.ts";
import { readCacheDisabled } from "./daemon-machine.ts";
import { type Finding, skip } from "./finding.ts";
import { CHECK_LIMIT_MS, limited } from "./limited.ts";
import type { Settings } from "./settings.ts";

export interface DockerExamination {
  readonly settings: Settings;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string | undefined;
  readonly clock: Clock;
  /** An image to be tried. */
  readonly task?: string;
  readonly signal: AbortSignal;
}

/** Before the limit of the check, so that what does not answer is named. */
const PING_LIMIT_MS = CHECK_LIMIT_MS - 1_000;
/** A pull may take its time: what is silent is given up before. */
const TASK_LIMIT_MS = 30 * 60_000;

/** Finds the daemon and looks at it. Nothing of it stays open. Never rejects. */
export async function examineDocker(options: DockerExamination): Promise<readonly Finding[]> {
  const { env, home, clock } = options;
  const { log, lines } = collectingLog();
  let docker: ExaminedDocker | undefined;
  let isLate = false;
  const around: ExaminationSurroundings = { env, home, clock, log, timeoutMs: PING_LIMIT_MS };
  const found = await limited({ clock, check: "docker", waitsFor: "the Docker daemon" }, async (signal) => {
    const opening = await openExamination(around);
    if (opening.kind === "failed") return judgeNoDocker(opening.problem, lines());
    const range = isLate ? undefined : await opening.docker.apiRange(signal).catch(() => undefined);
    // Nobody waits for it any more.
    if (isLate) await opening.docker.close();
    else docker = opening.docker;
    const { apiVersion } = opening.docker;
    return judgeDocker(opening.docker, range ?? { oldest: apiVersion, newest: apiVersion }, lines());
  });
  isLate = true;
  if (docker === undefined) return [...found, ...["limits", "disk", "logs", "orphans", "task"].flatMap(skipped)];
  const opened: ExaminedDocker = docker;
  try {
    const [facts, orphans] = await Promise.all([examineFacts(opened, clock), examineOrphans(opened, options)]);
    return [...found, ...facts, ...orphans, ...(await examineTask(opened, options))];
  } finally {
    await opened.close();
  }

  function skipped(check: string): readonly Finding[] {
    if (check === "task" && options.task === undefined) return [];
    return [skip(check, "not possible before docker is mended")];
  }
}

async function examineFacts(docker: ExaminedDocker, clock: Clock): Promise<readonly Finding[]> {
  let facts: DaemonFacts | undefined;
  const limits = await limited({ clock, check: "limits", waitsFor: "the Docker daemon" }, async (signal) => {
    facts = await docker.facts(signal);
    return judgeLimits(facts.limits);
  });
  if (facts === undefined)
    return [...limits, ...["disk", "logs"].map((check) => skip(check, "the daemon did not tell"))];
  const { rootFolder, logDriver: driver }: DaemonFacts = facts;
  const isHere = isThisMachine(facts, docker.isBySocket);
  const [disk, cache] = await Promise.all([
    limited({ clock, check: "disk", waitsFor: `the disk of ${rootFolder}` }, async () =>
      judgeDisk(rootFolder, isHere ? await diskSpace(rootFolder) : undefined),
    ),
    isHere ? readCacheDisabled() : undefined,
  ]);
  return [...limits, ...disk, judgeLogs({ driver, ...(cache === undefined ? {} : { isCacheDisabled: cache }) })];
}

function examineOrphans(docker: ExaminedDocker, { clock, settings }: DockerExamination): Promise<readonly Finding[]> {
  return limited({ clock, check: "orphans", waitsFor: "the Docker daemon" }, async () =>
    judgeOrphans(await docker.leftObjects(), settings.workerId),
  );
}

async function examineTask(docker: ExaminedDocker, options: DockerExamination): Promise<readonly Finding[]> {
  const { task, settings, clock, signal } = options;
  if (task === undefined) return [];
  const limit = { clock, check: "task", waitsFor: "the Docker daemon", limitMs: TASK_LIMIT_MS };
  return await limited(limit, async (late) => {
    const own = AbortSignal.any([signal, late]);
    return judgeTask(task, await docker.trial(task, settings.imagePullPolicy, own));
  });
}
