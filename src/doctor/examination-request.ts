import type { GivenFlags } from "../config/resolve.ts";

/** What is asked for on the command line. */
export interface ExaminationRequest {
  /** The worker's own flags. */
  readonly given: GivenFlags;
  /** An image to be tried. */
  readonly task?: string;
  /** Ends a trial; what it has made is removed all the same. */
  readonly signal: AbortSignal;
}
