import { createHash, randomBytes } from "node:crypto";
import { type Execution, executionKey } from "../../task/execution.ts";
import { slugOf } from "../../task/slug.ts";
import { LABEL_PREFIX } from "./labels.ts";
import type { Seals } from "./seals.ts";

/** A short random token for names that must not collide; 64 bits, hexadecimal. */
export function randomToken(): string {
  return randomBytes(8).toString("hex");
}

/** A name part that is equal exactly where worker and execution are equal; 128 bits, hexadecimal. */
function executionHash(workerId: string, execution: Execution): string {
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

/** The name of an attempt's container where a stranger's has the one above: nobody can take this one in advance. */
export function spareTaskContainerName(seals: Seals, name: string, attempt: string): string {
  return `${name}-${seals.tag(`${name} ${attempt}`)}`;
}

/**
 * Names of the volumes that record an execution. A claim's is one per execution, whoever makes it, as it is the lock; the
 * others' belong to one attempt, and cannot be taken in advance.
 */
export const recordNames = {
  claim: (workerId: string, execution: Execution) => `${LABEL_PREFIX}claim.${executionHash(workerId, execution)}`,
  verdict: (seals: Seals, execution: Execution, attempt: string) =>
    tagged(seals, `${LABEL_PREFIX}verdict.${attempt}`, executionKey(execution)),
  heir: (seals: Seals, execution: Execution, attempt: string, generation: number) =>
    tagged(seals, `${LABEL_PREFIX}heir.${attempt}.${generation}`, executionKey(execution)),
  /** The lease of an owner, which is known by a token, with the number of its renewal. */
  lease: (token: string, number: number) => `${LABEL_PREFIX}lease.${token}.${number}`,
  /** As an earlier version takes an attempt of its own over: it must find the name taken. */
  earlierHeir: (attempt: string, generation: number) => `${LABEL_PREFIX}heir.${attempt}.${generation}`,
};

/** Names of the objects of sidecars. */
export const sidecarNames = {
  volume: (token: string) => `${LABEL_PREFIX}sidecar.${token}`,
  /** One for each volume. */
  filler: (seals: Seals, volume: string) => `${LABEL_PREFIX}sidecar-filler.${seals.tag(volume)}`,
  copier: (token: string) => `${LABEL_PREFIX}sidecar-copier.${token}`,
  source: (token: string) => `${LABEL_PREFIX}sidecar-source.${token}`,
  /** Tag of the image that serves a copy. */
  image: (token: string) => `${SOURCE_IMAGES}:${token}`,
  /** Whoever has this name has published the content of that image, for those who have the same key. */
  published: (seals: Seals, imageId: string) => tagged(seals, `${LABEL_PREFIX}sidecar.${imageId.replace(":", "-")}`),
  privateCopy: (attempt: string, index: number, token: string) => `${LABEL_PREFIX}private.${attempt}.${index}.${token}`,
};

/** The repository of the images that serve copies. */
export const SOURCE_IMAGES = `${LABEL_PREFIX}sidecar-source`;

function tagged(seals: Seals, name: string, more = ""): string {
  return `${name}.${seals.tag(`${name} ${more}`)}`;
}

const KEPT_SUFFIX = /-kept-[0-9a-f]{16}$/;

/** The name of a task container that stays for people to look at, its result being safe with Oz. */
export function keptName(name: string, attempt: string): string {
  return `${name}-kept-${attempt}`;
}

/** Whether a task container's result is with Oz already. */
export function isKeptName(name: string): boolean {
  return KEPT_SUFFIX.test(name);
}
