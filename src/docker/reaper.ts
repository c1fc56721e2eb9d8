import type { Log } from "../support/log.ts";
import type { Engine } from "./engine.ts";
import { describeError } from "./engine-error.ts";
import { inspectContainer, listContainers, listVolumes, removeContainer, removeVolume } from "./engine-objects.ts";
import type { ContainerSummary, VolumeDetails } from "./engine-schemas.ts";
import { LABELS, type LabelMap, type ObjectKind } from "./labels.ts";
import { decodeOwner, type Owner, ownerState } from "./owner.ts";
import { isPlaceholder } from "./sidecars/clear-stale.ts";

/** A record whose subject is gone may be younger than its subject's next sign; nothing is lost by waiting. */
const DECENT_TIME_MS = 60_000;

/**
 * Removes what dead workers, of whatever id, have left half-way: copies that were never published, their sources, private
 * volumes, and records whose subject is gone. Only objects with our labels, and only where the owner is gone for certain.
 * Tasks are no business of the reaper's: these are adopted. Never rejects.
 */
export async function reap(engine: Engine, self: Owner, log: Log, now: () => number = Date.now): Promise<void> {
  const states = new Map<string, Promise<boolean>>();

  function ownerIsGone(labels: LabelMap): Promise<boolean> {
    const label = labels[LABELS.owner];
    const owner = decodeOwner(label);
    if (label === undefined || owner === undefined) return Promise.resolve(false);
    let gone = states.get(label);
    if (gone === undefined) {
      const inspect = async (id: string) => {
        const details = await inspectContainer(engine, id);
        return details && { running: details.State.Running, startedAt: details.State.StartedAt };
      };
      gone = ownerState(owner, self, inspect).then((state) => state === "gone");
      states.set(label, gone);
    }
    return gone;
  }

  async function reapContainer(container: ContainerSummary): Promise<void> {
    const kind = container.Labels[LABELS.kind];
    const isHelper = kind === kinds.source || (kind === kinds.sidecar && !isPlaceholder(container));
    if (!isHelper || !(await ownerIsGone(container.Labels))) return;
    await removeContainer(engine, container.Id);
    log.debug("a dead worker's helper container was removed", { container: container.Names[0] });
  }

  async function reapVolume(volume: VolumeDetails, mounted: ReadonlySet<string>, claims: ReadonlySet<string>) {
    const kind = volume.Labels[LABELS.kind];
    if (mounted.has(volume.Name) || !(await ownerIsGone(volume.Labels))) return;
    const isLeft =
      kind === kinds.sidecar ||
      kind === kinds.private ||
      (kind === kinds.verdict && !claims.has(recordSubject(volume.Name)) && isOld(volume)) ||
      (kind === kinds.heir && isOld(volume) && !(await heirHasSubject(volume, claims)));
    if (isLeft && (await removeVolume(engine, volume.Name))) {
      log.debug("a dead worker's volume was removed", { volume: volume.Name });
    }
  }

  async function heirHasSubject(heir: VolumeDetails, claims: ReadonlySet<string>): Promise<boolean> {
    const subject = recordSubject(heir.Name);
    if (subject.startsWith("claim-")) return claims.has(subject.slice("claim-".length));
    return (await inspectContainer(engine, subject)) !== undefined;
  }

  function isOld(volume: VolumeDetails): boolean {
    return now() - Number(volume.Labels[LABELS.createdAt] ?? 0) > DECENT_TIME_MS;
  }

  try {
    const containers = await listContainers(engine, LABELS.kind);
    for (const container of containers) await reapContainer(container);
    const volumes = await listVolumes(engine, LABELS.kind);
    const mounted = new Set(containers.filter(isPlaceholder).map((container) => container.Labels[LABELS.volume] ?? ""));
    const claims = new Set(
      volumes.filter((v) => v.Labels[LABELS.kind] === kinds.claim).map((claim) => recordSubject(claim.Name)),
    );
    for (const volume of volumes) await reapVolume(volume, mounted, claims);
  } catch (error) {
    log.debug("what dead workers left could not all be removed", { reason: describeError(error) });
  }
}

const kinds = {
  source: "sidecar-source",
  sidecar: "sidecar",
  private: "private",
  verdict: "verdict",
  heir: "heir",
  claim: "claim",
} as const satisfies Record<string, ObjectKind>;

/** `…claim.HASH`, `…verdict.HASH`, `…heir.SUBJECT.N`: the part that names the subject. */
function recordSubject(name: string): string {
  return name.split(".")[2] ?? "";
}
