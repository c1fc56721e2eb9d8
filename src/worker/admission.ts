import { AT_CAPACITY } from "../protocol/client-message.ts";

/** More than a Docker daemon runs: unlimited is no promise to keep whatever is sent in memory. */
export const MAX_EXECUTIONS = 1_000;

/** What a worker is doing, as far as an assignment's fate depends on it. */
export interface WorkerLoad {
  /** Executions that are claimed, or about to be, and whose container has not ended. */
  readonly running: number;
  /** 0 is unlimited. */
  readonly limit: number;
  /** All that are here, also those that wait for Oz to read their result. */
  readonly here: number;
  /** Why no work is taken at all. */
  readonly closed: string | undefined;
  /** Whether this execution is here already, running or waiting for its report to be read. */
  readonly isHere: boolean;
}

/** `redelivery`: claim it again, and do not run it again. */
export type AdmissionDecision =
  | { readonly kind: "admit" }
  | { readonly kind: "redelivery" }
  | { readonly kind: "reject"; readonly reason: string };

/** Decides about an assignment (spec, section 4). */
export function decideAdmission(load: WorkerLoad): AdmissionDecision {
  if (load.isHere) return { kind: "redelivery" };
  if (load.closed !== undefined) return { kind: "reject", reason: load.closed };
  if ((load.limit > 0 && load.running >= load.limit) || load.here >= MAX_EXECUTIONS)
    return { kind: "reject", reason: AT_CAPACITY };
  return { kind: "admit" };
}
