import { decodeOwner, type Owner, ownerState, type ProcessTable, systemProcesses } from "../../host/owner.ts";
import type { Engine } from "../engine/engine.ts";
import { inspectContainer, listContainers, listVolumes } from "../engine/engine-objects.ts";
import type { ContainerSummary, VolumeDetails } from "../engine/engine-schemas.ts";
import { LABELS, type LabelMap, labelledAttempt } from "../records/labels.ts";
import { isKept, leaseOf, listedContainer } from "../records/standing.ts";
import { ownerLabel } from "../records/takeover.ts";

/** What stands on the daemon of workers that cannot be seen alive, by their id. */
export interface LeftObjects {
  readonly workerId: string;
  readonly containers: number;
  readonly volumes: number;
}

export interface LookOptions {
  readonly engine: Engine;
  /** Milliseconds since 1970, by the engine's clock. */
  readonly now: () => number;
  readonly self: Owner;
  readonly processes?: ProcessTable;
}

/** A lease is renewed every 20 s; one that is older is nobody's any more (records/lease-looks.ts). */
const LEASE_HOLDS_MS = 90_000;

/** Looks once, changes nothing. Rejects with an `EngineError`. */
export async function findLeftObjects(options: LookOptions): Promise<readonly LeftObjects[]> {
  const { engine, now } = options;
  const [volumes, all] = await Promise.all([
    listVolumes(engine, LABELS.workerId),
    listContainers(engine, LABELS.workerId),
  ]);
  // Those that people keep are nobody's to take over.
  const containers = all.filter((container) => !isKept(listedContainer(container)));
  const heirs = Map.groupBy(
    volumes.filter(({ Labels }) => Labels[LABELS.kind] === "heir"),
    ({ Labels }) => labelledAttempt(Labels),
  );
  /** What was taken over has its last heir's owner. */
  const ownerOf = (labels: LabelMap) => {
    const attempt = labelledAttempt(labels);
    return ownerLabel(labels, attempt === undefined ? [] : (heirs.get(attempt) ?? [])) ?? "";
  };
  const fresh = freshLeases(volumes, now());
  const dead = new Set<string>();
  for (const label of new Set([...volumes, ...containers].map(({ Labels }) => ownerOf(Labels)))) {
    if (!(await isSeenAlive(label, fresh, options))) dead.add(label);
  }
  return countLeft(volumes, containers, (labels) => dead.has(ownerOf(labels)));
}

async function isSeenAlive(
  label: string,
  fresh: ReadonlySet<string>,
  { engine, self, processes = systemProcesses }: LookOptions,
): Promise<boolean> {
  const owner = decodeOwner(label);
  if (owner === undefined) return false;
  const inspectOwner = async (id: string) => {
    const details = await inspectContainer(engine, id);
    return details && { running: details.State.Running, startedAt: details.State.StartedAt };
  };
  const state = await ownerState(owner, self, inspectOwner, processes.read, processes.exists);
  if (state !== "unknown") return state === "alive";
  return owner.lease !== undefined && fresh.has(owner.lease);
}

function freshLeases(volumes: readonly VolumeDetails[], now: number): ReadonlySet<string> {
  return new Set(
    volumes.flatMap(({ Name, CreatedAt }) => {
      const lease = leaseOf(Name);
      const isFresh = now - Date.parse(CreatedAt ?? "") < LEASE_HOLDS_MS;
      return lease !== undefined && isFresh ? [lease.token] : [];
    }),
  );
}

function countLeft(
  volumes: readonly VolumeDetails[],
  containers: readonly ContainerSummary[],
  isLeft: (labels: LabelMap) => boolean,
): readonly LeftObjects[] {
  const counts = new Map<string, { containers: number; volumes: number }>();
  const count = (labels: LabelMap, kind: "containers" | "volumes") => {
    if (!isLeft(labels)) return;
    const workerId = labels[LABELS.workerId] ?? "";
    const entry = counts.get(workerId) ?? { containers: 0, volumes: 0 };
    entry[kind] += 1;
    counts.set(workerId, entry);
  };
  for (const { Labels } of containers) count(Labels, "containers");
  for (const { Labels } of volumes) count(Labels, "volumes");
  return [...counts].map(([workerId, entry]) => ({ workerId, ...entry }));
}
