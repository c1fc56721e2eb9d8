import { readFileSync, readlinkSync } from "node:fs";

/** What a run is for; part of the name of everything it creates. */
export type RunKind = "test" | "demo" | "bench";

/** Reads the facts about processes that tell whether a run's owner lives; a test passes its own. */
export interface ProcessFacts {
  /** A short mark of this boot of the machine. */
  boot(): string;
  /** A number for the pid namespace that this process sees. */
  pidNamespace(): number;
  /** Start time of a process in ticks since boot; undefined where there is none. */
  startTime(pid: number): number | undefined;
}

/** The facts as Linux gives them in /proc; see proc(5). */
export const procFacts: ProcessFacts = {
  boot: () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").slice(0, 4),
  pidNamespace: () => Number(/\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? 0),
  startTime(pid) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      // The command in parentheses may hold spaces and parentheses of its own; field 3 follows the last one.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const ticks = Number(fields[19]);
      return fields[0] !== "Z" && Number.isFinite(ticks) ? ticks : undefined;
    } catch {
      return undefined;
    }
  },
};

const RUN = /oz-(?:test|demo|bench)-([0-9a-z]+)-([0-9a-z]+)-([0-9a-f]{4})([0-9a-z]+)/g;

/**
 * The name of this run: the prefix of everything it creates. It tells who the owner is, so that a later run can
 * remove what a killed one left: process, its start time, boot and pid namespace.
 */
export function createRun(kind: RunKind, pid: number = process.pid, facts: ProcessFacts = procFacts): string {
  const start = facts.startTime(pid) ?? 0;
  return `oz-${kind}-${pid.toString(36)}-${start.toString(36)}-${facts.boot()}${facts.pidNamespace().toString(36)}`;
}

/** Every run that is named somewhere in `text`, each once. */
export function findRuns(text: string): readonly string[] {
  return [...new Set([...text.matchAll(RUN)].map((match) => match[0]))];
}

/** True only where the owner of a run is known to be dead; whatever cannot be told counts as alive. */
export function isOwnerGone(run: string, facts: ProcessFacts = procFacts): boolean {
  const match = [...run.matchAll(RUN)][0];
  if (match === undefined || match[0] !== run) return false;
  const [, pid = "", start = "", boot = "", namespace = ""] = match;
  if (boot !== facts.boot()) return true;
  if (parseInt(namespace, 36) !== facts.pidNamespace()) return false;
  return facts.startTime(parseInt(pid, 36)) !== parseInt(start, 36);
}
