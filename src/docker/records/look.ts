import type { ExecutionResult } from "../../task/execution-result.ts";
import { hasStatus } from "../engine/engine-error.ts";
import { inspectContainer, inspectImage } from "../engine/engine-objects.ts";
import type { ContainerDetails } from "../engine/engine-schemas.ts";
import { madeAt, type SeenAttempt } from "./attempts.ts";
import { isFreshContainer } from "./freshness.ts";
import { isOfAttempt, LABELS } from "./labels.ts";
import { decodeVerdict, findClaim, findVerdict } from "./ledger.ts";
import { spareTaskContainerName, taskContainerName } from "./object-names.ts";
import type { Records } from "./records.ts";
import { containerStanding, inspectedContainer, isKept } from "./standing.ts";

/** What there is of an attempt: to be reported, or over, with the id of a container that is left of it. */
export type Found =
  | {
      readonly kind: "open";
      readonly known: { readonly container?: ContainerDetails; readonly verdict?: ExecutionResult };
    }
  | { readonly kind: "over"; readonly isKept: boolean; readonly left?: string };

/**
 * Looks at an attempt once nobody else can take it: lists are old, and a dead worker's last call may have come through.
 * Records without a seal of this key count up to `foreignUntil`. Failures are `EngineError`s.
 */
export async function lookAt(records: Records, seen: SeenAttempt, foreignUntil: number): Promise<Found> {
  const { attempt, execution } = seen;
  const [claim, ownVerdict, container] = await Promise.all([
    findClaim(records, execution, attempt),
    findVerdict(records, execution, attempt),
    findContainer(records, seen, foreignUntil),
  ]);
  const foreign = seen.foreignRecords.filter((record) => madeAt(record) <= foreignUntil);
  const ofKind = (kind: string) => foreign.find(({ Labels }) => Labels[LABELS.kind] === kind);
  const kept = seen.isKept || (container !== undefined && isKept(inspectedContainer(container)));
  if (claim === undefined || kept || ofKind("done") !== undefined) {
    return { kind: "over", isKept: kept, ...(container === undefined || kept ? {} : { left: container.Id }) };
  }
  const verdict = decodeVerdict(ofKind("verdict")?.Labels[LABELS.verdict]) ?? ownVerdict;
  return { kind: "open", known: { ...(container ? { container } : {}), ...(verdict ? { verdict } : {}) } };
}

async function findContainer(
  records: Records,
  seen: SeenAttempt,
  foreignUntil: number,
): Promise<ContainerDetails | undefined> {
  const name = taskContainerName(records.workerId, seen.execution);
  const places =
    seen.container === undefined
      ? [name, spareTaskContainerName(records.seals, name, seen.attempt)]
      : [seen.container.Id];
  for (const place of places) {
    const there = await inspectContainer(records.engine, place);
    if (there !== undefined && (await isItsContainer(records, there, seen, foreignUntil))) return there;
  }
  return undefined;
}

async function isItsContainer(
  records: Records,
  there: ContainerDetails,
  seen: SeenAttempt,
  foreignUntil: number,
): Promise<boolean> {
  const { Labels } = there.Config;
  const madeMs = Date.parse(there.Created);
  if (!isOfAttempt(Labels, seen.execution, seen.attempt)) return false;
  const standing = containerStanding(records.seals, inspectedContainer(there));
  if (!seen.isForeign) return standing === "ours" && isFreshContainer(madeMs, Labels);
  return standing === "foreign" && madeMs <= foreignUntil && !(await hasLabelsOfItsImage(records, there));
}

/** Who builds an image, or commits one from a container, sets the labels of everything that is made from it. */
async function hasLabelsOfItsImage({ engine }: Records, { Image, Config }: ContainerDetails): Promise<boolean> {
  try {
    const image = await inspectImage(engine, Image);
    return image.Config?.Labels?.[LABELS.attempt] === Config.Labels[LABELS.attempt];
  } catch (error) {
    // An image may be removed while its containers stay.
    if (hasStatus(error, 404)) return false;
    throw error;
  }
}
