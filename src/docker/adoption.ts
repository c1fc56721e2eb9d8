import type { Log } from "../support/log.ts";
import { type Execution, executionKey } from "../task/execution.ts";
import type { ExecutionResult } from "../task/execution-result.ts";
import type { Engine } from "./engine.ts";
import { inspectContainer, inspectVolume, listContainers, listVolumes } from "./engine-objects.ts";
import type { ContainerDetails, ContainerSummary, VolumeDetails } from "./engine-schemas.ts";
import type { HeldExecution } from "./held-execution.ts";
import { LABELS, labelledExecution } from "./labels.ts";
import { decodeVerdict } from "./ledger.ts";
import { executionHash, isKeptName, randomToken, recordNames } from "./object-names.ts";
import type { OwnedSubject, Takeover } from "./takeover.ts";

/** An execution taken over from a dead worker: with a container to follow, or with a result already. */
export type Adopted = { readonly execution: Execution; readonly held: HeldExecution } & (
  | { readonly kind: "container"; readonly details: ContainerDetails }
  | { readonly kind: "result"; readonly result: ExecutionResult }
);

export interface AdoptionOptions {
  readonly engine: Engine;
  readonly workerId: string;
  readonly takeover: Takeover;
  readonly log: Log;
  /** Whether this process has that execution already. */
  readonly isHeld: (execution: Execution) => boolean;
}

/** Finds what dead workers of this id have left, and takes it over. */
export interface Adoption {
  /** Looks once. Rejects with an `EngineError`; what was taken over until then is found again by nobody else. */
  adopt(onAdopted: (adopted: Adopted) => void): Promise<void>;
}

export function createAdoption(options: AdoptionOptions): Adoption {
  const { engine, workerId, takeover, log, isHeld } = options;
  const toldOf = new Set<string>();

  /** Whether a subject is for the taking; one that cannot be decided is left alone, and the operator told once. */
  async function isOrphan(subject: OwnedSubject, heirs: readonly VolumeDetails[], name: string, taskId: string) {
    const state = await takeover.stateOf(subject, heirs);
    if (state === "unknown" && !toldOf.has(subject.id)) {
      toldOf.add(subject.id);
      log.warn(
        "a task of another worker of this id is left alone: whether that worker lives cannot be decided from here. " +
          "If it is gone for good, remove the object by hand (docker rm -f, docker volume rm)",
        { task: taskId, object: name },
      );
    }
    return state === "gone";
  }

  async function adoptContainer(
    summary: ContainerSummary,
    execution: Execution,
    heirs: readonly VolumeDetails[],
    volumes: readonly VolumeDetails[],
  ): Promise<Adopted | undefined> {
    const subject = { id: summary.Id, labels: summary.Labels };
    const name = containerName(summary);
    if (!(await isOrphan(subject, heirs, name, execution.taskId))) return undefined;
    let details: ContainerDetails | undefined;
    const names = await takeover.take(subject, heirs, async () => {
      details = await inspectContainer(engine, summary.Id);
      return details !== undefined && !isKeptName(details.Name);
    });
    if (names === undefined || details === undefined) return undefined;
    const attempt = summary.Labels[LABELS.attempt] ?? randomToken();
    const held = {
      attempt,
      privateVolumes: volumes.filter((volume) => volume.Labels[LABELS.attempt] === attempt).map(({ Name }) => Name),
      container: { id: details.Id, name: details.Name.replace(/^\//, "") },
      heirs: names,
    };
    return { execution, held, kind: "container", details };
  }

  async function adoptClaim(
    claim: VolumeDetails,
    execution: Execution,
    heirs: readonly VolumeDetails[],
  ): Promise<Adopted | undefined> {
    const hash = executionHash(workerId, execution);
    const subject = { id: `claim-${hash}`, labels: claim.Labels };
    if (!(await isOrphan(subject, heirs, claim.Name, execution.taskId))) return undefined;
    let verdict: VolumeDetails | undefined;
    const names = await takeover.take(subject, heirs, async () => {
      const [now, stored] = await Promise.all([
        inspectVolume(engine, claim.Name),
        inspectVolume(engine, recordNames.verdict(hash)),
      ]);
      verdict = stored;
      return now !== undefined && sameClaim(now, claim);
    });
    if (names === undefined) return undefined;
    const result = decodeVerdict(verdict?.Labels[LABELS.verdict]) ?? {
      kind: "failed",
      reason: "unknown",
      detail: "the worker that had claimed the task ended before it had created its container",
    };
    return { execution, held: { attempt: randomToken(), privateVolumes: [], heirs: names }, kind: "result", result };
  }

  return {
    async adopt(onAdopted) {
      const label = `${LABELS.workerId}=${workerId}`;
      // Volumes first: a claim whose container is made in between is then seen with its container.
      const volumes = await listVolumes(engine, label);
      const containers = await listContainers(engine, label, `${LABELS.kind}=task`);
      const heirs = ofKind(volumes, "heir");
      const withContainer = new Set<string>();

      const pending: Promise<Adopted | undefined>[] = [];
      for (const container of containers) {
        const execution = labelledExecution(container.Labels);
        if (execution === undefined || isKeptName(containerName(container))) continue;
        withContainer.add(executionKey(execution));
        if (!isHeld(execution)) pending.push(adoptContainer(container, execution, heirs, volumes));
      }
      for (const claim of ofKind(volumes, "claim")) {
        const execution = labelledExecution(claim.Labels);
        if (execution === undefined || withContainer.has(executionKey(execution)) || isHeld(execution)) continue;
        pending.push(adoptClaim(claim, execution, heirs));
      }
      const settled = await Promise.allSettled(
        pending.map(async (work) => {
          const adopted = await work;
          if (adopted !== undefined) onAdopted(adopted);
        }),
      );
      for (const outcome of settled) if (outcome.status === "rejected") throw outcome.reason;
    },
  };
}

function ofKind(volumes: readonly VolumeDetails[], kind: string): readonly VolumeDetails[] {
  return volumes.filter((volume) => volume.Labels[LABELS.kind] === kind);
}

function sameClaim(a: VolumeDetails, b: VolumeDetails): boolean {
  return a.Labels[LABELS.owner] === b.Labels[LABELS.owner] && a.Labels[LABELS.createdAt] === b.Labels[LABELS.createdAt];
}

function containerName(summary: ContainerSummary): string {
  return summary.Names[0]?.replace(/^\//, "") ?? summary.Id;
}
