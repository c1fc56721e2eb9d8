import type { Log } from "../../support/log.ts";
import type { Engine } from "../engine/engine.ts";
import type { Maker } from "./labels.ts";
import type { Seals } from "./seals.ts";

/** Where the records of a worker are, who makes them, and what proves that. */
export interface Records extends Maker {
  readonly engine: Engine;
  readonly seals: Seals;
  readonly log: Log;
  /** Says each thing once: `what` tells it from others. */
  readonly once: (what: string, action: () => void) => void;
}
