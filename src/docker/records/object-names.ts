import { createHash, randomBytes } from "node:crypto";
import { type Execution, executionKey } from "../../task/execution.ts";
import { slugOf } from "../../task/slug.ts";
import { LABEL_PREFIX } from "./labels.ts";

/** A short random token for names that must not collide; 64 bits, hexadecimal. */
export function randomToken(): string {
  return randomBytes(8).toString("hex");
}

/** A name part that is equal exactly where worker and execution are equal; 128 bits, hexadecimal. */
export function executionHash(workerId: string, execution: Execution): string {
  return createHash("sha256")
    .update(`${workerId}\n${executionKey(execution)}`)
    .digest("hex")
    .slice(0, 32);
}

/**
 * `oz-task-<readable>-<hash>`: readable for people, and the same for every attempt at one execution, so that the daemon
 * itself refuses a second container for it.
 */
export function taskContainerName(workerId: string, execution: Execution): string {
  return `oz-task-${slugOf(execution.taskId, 40)}-${executionHash(workerId, execution).slice(0, 12)}`;
}

/** Names of the volumes that record an execution. Only a claim is one per execution; the rest belongs to one attempt. */
export const recordNames = {
  claim: (hash: string) => `${LABEL_PREFIX}claim.${hash}`,
  verdict: (attempt: string) => `${LABEL_PREFIX}verdict.${attempt}`,
  done: (attempt: string) => `${LABEL_PREFIX}done.${attempt}`,
  heir: (attempt: string, generation: number) => `${LABEL_PREFIX}heir.${attempt}.${generation}`,
};

/** Names of the objects of sidecars. */
export const sidecarNames = {
  volume: (token: string) => `${LABEL_PREFIX}sidecar.${token}`,
  filler: (token: string) => `${LABEL_PREFIX}sidecar-filler.${token}`,
  copier: (token: string) => `${LABEL_PREFIX}sidecar-copier.${token}`,
  source: (token: string) => `${LABEL_PREFIX}sidecar-source.${token}`,
  /** Whoever has this name has published the content of that image. */
  published: (imageId: string) => `${LABEL_PREFIX}sidecar.${imageId.replace(":", "-")}`,
  privateCopy: (attempt: string, index: number) => `${LABEL_PREFIX}private.${attempt}.${index}`,
};

const KEPT_SUFFIX = /-kept-[0-9a-f]{16}$/;

/** The name of a task container that stays for people to look at, its result being safe with Oz. */
export function keptName(name: string, attempt: string): string {
  return `${name}-kept-${attempt}`;
}

/** Whether a task container's result is with Oz already. */
export function isKeptName(name: string): boolean {
  return KEPT_SUFFIX.test(name);
}
