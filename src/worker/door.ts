import { SHUTTING_DOWN } from "../protocol/client-message.ts";
import type { Clock, Timer } from "../support/clock.ts";

/** Why a worker takes no work: for a time, or until it ends. */
export type DoorState =
  | { readonly kind: "open" }
  | { readonly kind: "paused"; readonly note?: string; readonly untilMs?: number }
  | { readonly kind: "draining" | "detaching" | "stopping" };

/** Whether new work is taken, as the operator and the worker's own end have it. */
export interface Door {
  state(): DoorState;
  /** What Oz is told of an assignment that is not taken; `undefined` where work is taken. */
  reason(): string | undefined;
  /** For `forMs` milliseconds, or until `resume`; `false` where the worker is ending. `note` is the operator's. */
  pause(note: string | undefined, forMs: number | undefined): boolean;
  /** `false` where it was not paused. */
  resume(): boolean;
  /** For good. */
  shut(kind: "draining" | "detaching" | "stopping"): void;
}

/** What Oz is told, by the state; of one that ends the contract has it (spec, section 4). */
const REASONS = {
  paused: "worker is paused",
  draining: "worker is draining: it ends when its tasks have ended",
  detaching: "worker is being replaced",
  stopping: SHUTTING_DOWN,
} as const;

/** `onReopened` is called when a pause with a time is over. */
export function createDoor(clock: Clock, onReopened: () => void = () => {}): Door {
  let state: DoorState = { kind: "open" };
  let timer: Timer | undefined;
  const become = (next: DoorState) => {
    timer?.cancel();
    timer = undefined;
    state = next;
  };
  const reopen = () => {
    if (state.kind !== "paused") return false;
    become({ kind: "open" });
    return true;
  };
  /** A timer of the runtime takes 24 days. */
  const wait = (leftMs: number) => {
    const stepMs = Math.min(leftMs, 86_400_000);
    timer = clock.after(stepMs, () => {
      if (leftMs > stepMs) wait(leftMs - stepMs);
      else if (reopen()) onReopened();
    });
  };
  return {
    state: () => state,
    reason() {
      if (state.kind === "open") return undefined;
      const note = state.kind === "paused" ? state.note : undefined;
      return note === undefined ? REASONS[state.kind] : `${REASONS[state.kind]}: ${note}`;
    },
    pause(note, forMs) {
      if (state.kind !== "open" && state.kind !== "paused") return false;
      become({
        kind: "paused",
        ...(note === undefined ? {} : { note }),
        ...(forMs === undefined ? {} : { untilMs: clock.epoch() + forMs }),
      });
      if (forMs !== undefined) wait(forMs);
      return true;
    },
    resume: reopen,
    shut: (kind) => become({ kind }),
  };
}
