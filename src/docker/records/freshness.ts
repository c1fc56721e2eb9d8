import { LABELS, type LabelMap } from "./labels.ts";

/**
 * How far the engine's own word of when it made an object, and what the maker has written, may lie apart. Whoever copies the
 * labels of something that is gone is later than that.
 */
const CLAIM_LIMIT_MS = 5_000;
/** A container is made on an engine that may be busy with many, and nobody compares the two when it is made. */
const CONTAINER_LIMIT_MS = 30_000;

/** Whether a claim was made when its labels say; `createdAt` as the engine tells it, where it does. */
export function isFreshClaim(createdAt: string | undefined, labels: LabelMap): boolean {
  return createdAt === undefined || isFresh(Date.parse(createdAt), labels, CLAIM_LIMIT_MS);
}

/** The same of a container, whose creation the engine tells in milliseconds since 1970. */
export function isFreshContainer(createdMs: number, labels: LabelMap): boolean {
  return isFresh(createdMs, labels, CONTAINER_LIMIT_MS);
}

function isFresh(createdMs: number, labels: LabelMap, limitMs: number): boolean {
  return Math.abs(createdMs - Number(labels[LABELS.createdAt])) <= limitMs;
}
