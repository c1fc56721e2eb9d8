import type { Execution } from "../../task/execution.ts";
import type { Engine } from "../engine/engine.ts";
import { listContainers, listVolumes } from "../engine/engine-objects.ts";
import type { ContainerSummary, VolumeDetails } from "../engine/engine-schemas.ts";
import { LABELS, type LabelMap, labelledExecution, type ObjectKind } from "./labels.ts";
import { isKeptName } from "./object-names.ts";

/** All that a list shows of one attempt at an execution: a claim, a container or both. */
export interface SeenAttempt {
  readonly attempt: string;
  readonly execution: Execution;
  /** Those of the container or the claim: they name the same owner. */
  readonly labels: LabelMap;
  readonly claim?: VolumeDetails;
  readonly container?: ContainerSummary;
  readonly heirs: readonly VolumeDetails[];
  /** Its result is with Oz. */
  readonly isDone: boolean;
}

/** The attempts of a worker id that are on the daemon. Kept containers are none any more. Rejects with an `EngineError`. */
export async function listAttempts(engine: Engine, workerId: string): Promise<readonly SeenAttempt[]> {
  const label = `${LABELS.workerId}=${workerId}`;
  // Volumes first: a container that is made in between is then seen with its claim.
  const volumes = await listVolumes(engine, label);
  const containers = await listContainers(engine, label, `${LABELS.kind}=task`);
  const claims = ofKind(volumes, "claim");
  const current = containers.filter(({ Names }) => !isKeptName(Names[0] ?? ""));

  const attempts = new Set([...claims, ...current].map(attemptOf));
  return [...attempts].flatMap((attempt) => {
    const isOfIt = (one: { readonly Labels: LabelMap }) => attemptOf(one) === attempt;
    const claim = claims.find(isOfIt);
    const container = current.find(isOfIt);
    const labels = container?.Labels ?? claim?.Labels ?? {};
    const execution = labelledExecution(labels);
    if (attempt === undefined || execution === undefined) return [];
    return {
      attempt,
      execution,
      labels,
      ...(claim ? { claim } : {}),
      ...(container ? { container } : {}),
      heirs: ofKind(volumes, "heir").filter(isOfIt),
      isDone: ofKind(volumes, "done").some(isOfIt),
    };
  });
}

function attemptOf({ Labels }: { readonly Labels: LabelMap }): string | undefined {
  return Labels[LABELS.attempt];
}

function ofKind(volumes: readonly VolumeDetails[], kind: ObjectKind): readonly VolumeDetails[] {
  return volumes.filter((volume) => volume.Labels[LABELS.kind] === kind);
}
