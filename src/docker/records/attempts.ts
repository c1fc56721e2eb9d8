import type { Execution } from "../../task/execution.ts";
import { listContainers, listVolumes } from "../engine/engine-objects.ts";
import type { ContainerSummary, VolumeDetails } from "../engine/engine-schemas.ts";
import { isFreshClaim, isFreshContainer } from "./freshness.ts";
import { LABELS, type LabelMap, labelledAttempt, labelledExecution } from "./labels.ts";
import type { RecordRoom } from "./record-room.ts";
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

/** The attempts of this room's worker id that are on the daemon. Rejects with an `EngineError`. */
export async function listAttempts(room: RecordRoom): Promise<readonly SeenAttempt[]> {
  const label = `${LABELS.workerId}=${room.workerId}`;
  // Volumes first: a container that is made in between is then seen with its claim.
  const volumes = await listVolumes(room.engine, label);
  const containers = await listContainers(room.engine, label, `${LABELS.kind}=task`);
  return sortAttempts(room, volumes, containers);
}

function sortAttempts(
  room: RecordRoom,
  volumes: readonly VolumeDetails[],
  containers: readonly ContainerSummary[],
): readonly SeenAttempt[] {
  const { ours, foreign } = byStanding(
    volumes,
    (volume) => volumeStanding(room.seals, volume),
    (volume) => warnOfForgery(room, "volume", volume.Name),
  );
  const tasks = byStanding(
    containers,
    (container) => containerStanding(room.seals, listedContainer(container)),
    (container) => warnOfForgery(room, "container", listedContainer(container).name),
  );

  const attempts: SeenAttempt[] = [];
  for (const claim of [...ours, ...foreign].filter(({ Labels }) => Labels[LABELS.kind] === "claim")) {
    const isForeign = foreign.includes(claim);
    const attempt = labelledAttempt(claim.Labels);
    const execution = labelledExecution(claim.Labels)?.execution;
    if (attempt === undefined || execution === undefined) continue;
    const isOfIt = ({ Labels }: { readonly Labels: LabelMap }) => labelledAttempt(Labels) === attempt;
    const isFresh = (one: ContainerSummary) => isForeign || isFreshContainer(one.Created * 1_000, one.Labels);
    const all = (isForeign ? tasks.foreign : tasks.ours).filter(isOfIt);
    const container = all.find((one) => isFresh(one) && !isKept(listedContainer(one)));
    const records = foreign.filter((volume) => isForeign && volume !== claim && isOfIt(volume));
    const isHeir = ({ Labels }: VolumeDetails) => Labels[LABELS.kind] === "heir";
    attempts.push({
      attempt,
      execution,
      labels: claim.Labels,
      claim,
      ...(container ? { container } : {}),
      heirs: [...ours.filter(isOfIt), ...records].filter(isHeir),
      isForeign,
      isKept: all.some((one) => isKept(listedContainer(one))),
      foreignRecords: records.sort((one, other) => madeAt(one) - madeAt(other)),
      isCopy: !isForeign && container === undefined && !isFreshClaim(claim.CreatedAt, claim.Labels),
    });
  }
  const claimed = new Set(attempts.map(({ attempt }) => attempt));
  for (const container of tasks.ours) {
    if (isKept(listedContainer(container))) continue;
    const attempt = labelledAttempt(container.Labels);
    const execution = labelledExecution(container.Labels)?.execution;
    if (attempt === undefined || execution === undefined || claimed.has(attempt)) continue;
    const heirs = ours.filter(({ Labels }) => Labels[LABELS.kind] === "heir" && labelledAttempt(Labels) === attempt);
    const { Labels: labels } = container;
    const rest = { isForeign: false, isKept: false, foreignRecords: [], isCopy: false };
    attempts.push({ attempt, execution, labels, container, heirs, ...rest });
  }
  return attempts;
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

function warnOfForgery({ log, once }: RecordRoom, kind: "volume" | "container", name: string): void {
  once(`forged ${kind} ${name}`, () =>
    log.warn(
      "somebody has made something on the Docker daemon that passes for this worker's and is not: it is left alone",
      { [kind]: name },
    ),
  );
}
