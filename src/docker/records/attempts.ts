import { type Execution, executionKey } from "../../task/execution.ts";
import { listContainers, listVolumes } from "../engine/engine-objects.ts";
import type { ContainerSummary, VolumeDetails } from "../engine/engine-schemas.ts";
import { isFreshClaim, isFreshContainer } from "./freshness.ts";
import { LABELS, type LabelMap, labelledAttempt, labelledExecution, type ObjectKind } from "./labels.ts";
import type { Records } from "./records.ts";
import { containerStanding, isKept, listedContainer, type Standing, volumeStanding } from "./standing.ts";

/** All that a list shows of one attempt at an execution. */
export interface SeenAttempt {
  readonly attempt: string;
  readonly execution: Execution;
  /** Those of its claim, or of its container where that is alone. */
  readonly labels: LabelMap;
  readonly claim?: VolumeDetails;
  readonly container?: ContainerSummary;
  readonly heirs: readonly VolumeDetails[];
  /** See `HeldExecution`. Only of those with a claim. */
  readonly isForeign: boolean;
  /** What an earlier version has recorded beside the claim, the oldest first. */
  readonly foreignRecords: readonly VolumeDetails[];
  /** Its container stays for people to look at: the result is with Oz. */
  readonly isKept: boolean;
  /** Somebody makes copies of what is gone: the claim is older than the engine's word of it, and nothing else speaks for it. */
  readonly isCopy: boolean;
}

/** What an earlier version records of an attempt beside its claim. */
const EARLIER_RECORDS: ReadonlySet<string | undefined> = new Set(["verdict", "heir", "done"] satisfies ObjectKind[]);
/** Far more than an attempt has; of those that anybody may have made in its name the oldest count. */
const MAX_RECORDS = 100;

/** What a look shows of a worker id. */
export interface SeenRecords {
  readonly attempts: readonly SeenAttempt[];
  /** The volumes of its workers' leases. */
  readonly leases: readonly VolumeDetails[];
}

/** The attempts of the worker id that are on the daemon. Rejects with an `EngineError`. */
export async function listAttempts(records: Records): Promise<readonly SeenAttempt[]> {
  return (await listRecords(records)).attempts;
}

/** All that there is of the worker id on the daemon. Rejects with an `EngineError`. */
export async function listRecords(records: Records): Promise<SeenRecords> {
  const label = `${LABELS.workerId}=${records.workerId}`;
  // Volumes first: a container that is made in between is then seen with its claim.
  const volumes = await listVolumes(records.engine, label);
  const containers = await listContainers(records.engine, label, `${LABELS.kind}=task`);
  const leases = volumes.filter(
    (volume) => volume.Labels[LABELS.kind] === "lease" && volumeStanding(records.seals, volume) === "ours",
  );
  return { attempts: sortAttempts(records, volumes, containers), leases };
}

function sortAttempts(
  records: Records,
  volumes: readonly VolumeDetails[],
  containers: readonly ContainerSummary[],
): readonly SeenAttempt[] {
  const { ours, foreign } = byStanding(
    volumes,
    (volume) => volumeStanding(records.seals, volume),
    (volume) => warnOfForgery(records, "volume", volume.Name),
  );
  const tasks = byStanding(
    containers,
    (container) => containerStanding(records.seals, listedContainer(container)),
    (container) => warnOfForgery(records, "container", listedContainer(container).name),
  );

  const earlier = foreign.filter(({ Labels }) => EARLIER_RECORDS.has(Labels[LABELS.kind]));
  const volumesOf = { ours: byAttempt(ours), foreign: oldestOf(byAttempt(earlier)) };
  const tasksOf = { ours: byAttempt(tasks.ours), foreign: byAttempt(tasks.foreign) };

  function lookBeside(execution: Execution, attempt: string, isForeign: boolean) {
    const isFresh = (one: ContainerSummary) => isForeign || isFreshContainer(one.Created * 1_000, one.Labels);
    const all = ofAttempt(isForeign ? tasksOf.foreign : tasksOf.ours, execution, attempt);
    const container = all.find((one) => isFresh(one) && !isKept(listedContainer(one)));
    const foreignRecords = isForeign ? ofAttempt(volumesOf.foreign, execution, attempt).sort(byAge) : [];
    return {
      ...(container ? { container } : {}),
      heirs: [...ofAttempt(volumesOf.ours, execution, attempt), ...foreignRecords].filter(isHeir),
      isKept: all.some((one) => isKept(listedContainer(one))),
      foreignRecords,
    };
  }

  const attempts: SeenAttempt[] = [];
  const claims = [
    ...ours.map((claim) => ({ claim, isForeign: false })),
    ...foreign.map((claim) => ({ claim, isForeign: true })),
  ];
  for (const { claim, isForeign } of claims) {
    if (claim.Labels[LABELS.kind] !== "claim") continue;
    const attempt = labelledAttempt(claim.Labels);
    const execution = labelledExecution(claim.Labels)?.execution;
    if (attempt === undefined || execution === undefined) continue;
    const beside = lookBeside(execution, attempt, isForeign);
    const isCopy = !isForeign && beside.container === undefined && !isFreshClaim(claim.CreatedAt, claim.Labels);
    attempts.push({ attempt, execution, labels: claim.Labels, claim, isForeign, isCopy, ...beside });
  }
  const claimed = new Set(attempts.filter(({ isForeign }) => !isForeign).map(({ attempt }) => attempt));
  for (const container of tasks.ours) {
    if (isKept(listedContainer(container))) continue;
    const attempt = labelledAttempt(container.Labels);
    const execution = labelledExecution(container.Labels)?.execution;
    if (attempt === undefined || execution === undefined || claimed.has(attempt)) continue;
    const heirs = ofAttempt(volumesOf.ours, execution, attempt).filter(isHeir);
    const { Labels: labels } = container;
    const rest = { isForeign: false, isKept: false, foreignRecords: [], isCopy: false };
    attempts.push({ attempt, execution, labels, container, heirs, ...rest });
  }
  return attempts;
}

function isHeir({ Labels }: { readonly Labels: LabelMap }): boolean {
  return Labels[LABELS.kind] === "heir";
}

/** Objects by attempt and execution; a takeover by an earlier version names the attempt alone. */
function byAttempt<T extends { readonly Labels: LabelMap }>(objects: readonly T[]): Map<string | undefined, T[]> {
  return Map.groupBy(objects, ({ Labels }) => {
    const attempt = labelledAttempt(Labels);
    const execution = labelledExecution(Labels)?.execution;
    return attempt === undefined ? undefined : groupOf(attempt, execution);
  });
}

function groupOf(attempt: string, execution: Execution | undefined): string {
  return execution === undefined ? attempt : `${attempt} ${executionKey(execution)}`;
}

function ofAttempt<T extends { readonly Labels: LabelMap }>(
  groups: ReadonlyMap<string | undefined, readonly T[]>,
  execution: Execution,
  attempt: string,
): T[] {
  const nameless = (groups.get(attempt) ?? []).filter(isHeir);
  return [...(groups.get(groupOf(attempt, execution)) ?? []), ...nameless];
}

function oldestOf(groups: Map<string | undefined, VolumeDetails[]>): ReadonlyMap<string | undefined, VolumeDetails[]> {
  for (const [key, volumes] of groups) groups.set(key, volumes.sort(byAge).slice(0, MAX_RECORDS));
  return groups;
}

function byAge(one: VolumeDetails, other: VolumeDetails): number {
  return madeAt(one) - madeAt(other);
}

/** Milliseconds since 1970, by the engine's clock; what does not tell is from now on. */
export function madeAt({ CreatedAt }: VolumeDetails): number {
  const made = Date.parse(CreatedAt ?? "");
  return Number.isNaN(made) ? Number.POSITIVE_INFINITY : made;
}

function byStanding<T>(
  objects: readonly T[],
  standingOf: (object: T) => Standing,
  onForged: (object: T) => void,
): { readonly ours: readonly T[]; readonly foreign: readonly T[] } {
  const ours: T[] = [];
  const foreign: T[] = [];
  for (const object of objects) {
    const standing = standingOf(object);
    if (standing === "ours") ours.push(object);
    else if (standing === "foreign") foreign.push(object);
    else if (standing === "forged") onForged(object);
  }
  return { ours, foreign };
}

function warnOfForgery({ log, once }: Records, kind: "volume" | "container", name: string): void {
  once(`forged ${kind} ${name}`, () =>
    log.warn(
      "somebody has made something on the Docker daemon that passes for this worker's and is not: it is left alone",
      { [kind]: name },
    ),
  );
}
