import { verdictOf } from "../../chaos/expectation.ts";
import type { SimRun } from "../engine/sim-objects.ts";

/** What was done to a world, as far as it may show in how a task ends. */
export interface Disturbances {
  isCancelled: boolean;
  /** A worker was told to end. */
  isShutDown: boolean;
  /** A worker ended and left its tasks running. */
  isDetached: boolean;
  /** A worker was killed. */
  isKilled: boolean;
  /** The engine was away, or was restarted. */
  isEngineAway: boolean;
  /** Somebody removed objects by hand. */
  isPruned: boolean;
  isDiskFull: boolean;
  /** The registry has not served everything. */
  isRegistryMoody: boolean;
}

/** What is wrong with how a task is said to have ended; `undefined` where it may be so. `runs` are its containers' own. */
export function verdictProblem(
  type: string,
  data: Readonly<Record<string, unknown>>,
  runs: readonly SimRun[],
  disturbed: Disturbances,
): string | undefined {
  const verdict = verdictOf(type, data);
  const ends = runs.flatMap(({ end }) => (end === undefined ? [] : [end]));
  const told = ends.map(({ exitCode, cause, oom }) => `${exitCode} by ${cause}${oom ? ", for memory" : ""}`);
  const truth = `${verdict}, and its containers ended with [${told.join("; ")}] of ${runs.length}`;
  return isPossible(verdict, data, runs, disturbed) ? undefined : truth;
}

function isPossible(
  verdict: string,
  data: Readonly<Record<string, unknown>>,
  runs: readonly SimRun[],
  disturbed: Disturbances,
): boolean {
  const [reason = ""] = verdict.split(" ");
  const endsOf = (code: unknown) => runs.flatMap(({ end }) => end ?? []).filter(({ exitCode }) => exitCode === code);
  const hasRun = runs.length > 0;
  switch (reason) {
    case "completed":
      return endsOf(0).some(({ cause }) => cause === "self" || cause === "engine");
    case "cancelled":
      return disturbed.isCancelled;
    case "container_exit":
      return endsOf(data.exit_code).some(
        ({ cause, oom }) =>
          (!oom && (cause === "self" || cause === "engine")) || (disturbed.isPruned && cause === "removed"),
      );
    case "container_oom":
      return endsOf(137).some(({ oom }) => oom);
    case "graceful_shutdown":
      return disturbed.isShutDown || (disturbed.isDetached && !hasRun);
    case "image_pull":
      return !hasRun && (disturbed.isRegistryMoody || disturbed.isEngineAway);
    case "sidecar_prep":
      return (
        !hasRun && (disturbed.isRegistryMoody || disturbed.isEngineAway || disturbed.isDiskFull || disturbed.isPruned)
      );
    case "container_create":
      return !hasRun && (disturbed.isEngineAway || disturbed.isDiskFull || disturbed.isPruned);
    case "container_start":
      return (
        !hasRun &&
        (disturbed.isKilled ||
          disturbed.isEngineAway ||
          disturbed.isPruned ||
          disturbed.isShutDown ||
          disturbed.isDetached)
      );
    case "container_wait":
      return disturbed.isPruned;
    case "unknown":
      return (
        disturbed.isPruned ||
        (!hasRun && (disturbed.isKilled || disturbed.isShutDown || disturbed.isDetached || disturbed.isEngineAway))
      );
    default:
      return false;
  }
}
