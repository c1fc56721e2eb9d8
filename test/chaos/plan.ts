import { createRandom, type Random } from "./random.ts";

/** What a task does, and with it what becomes of it if nothing disturbs it. */
export type TaskKind =
  | { readonly kind: "exit"; readonly code: number; readonly afterMs: number }
  | { readonly kind: "oom" }
  | { readonly kind: "missing-image" }
  | { readonly kind: "cancelled"; readonly obeys: boolean; readonly afterMs: number }
  | { readonly kind: "rw-sidecar"; readonly code: number };

/** All times are milliseconds from the start of the seed. */
export interface PlannedTask {
  readonly taskId: string;
  readonly atMs: number;
  readonly work: TaskKind;
  /** Whether Oz hands it out again when the link that claimed it is lost. */
  readonly redelivered: boolean;
}

export type FaultKind =
  | { readonly kind: "kill-worker"; readonly which: number; readonly backAfterMs: number }
  | { readonly kind: "stop-worker"; readonly which: number; readonly backAfterMs: number }
  | { readonly kind: "second-worker" }
  | { readonly kind: "cut-link" }
  | { readonly kind: "freeze-link"; readonly forMs: number; readonly thenCut: boolean }
  | { readonly kind: "oz-away"; readonly forMs: number }
  | { readonly kind: "restart-daemon"; readonly signal: "SIGTERM" | "SIGKILL"; readonly forMs: number }
  | { readonly kind: "remove-container"; readonly which: number };

export interface PlannedFault {
  readonly atMs: number;
  readonly fault: FaultKind;
}

export interface Plan {
  readonly seed: number;
  readonly tasks: readonly PlannedTask[];
  readonly faults: readonly PlannedFault[];
  /** From then on nothing is disturbed any more. */
  readonly calmMs: number;
}

export const TASKS_PER_SEED = 30;
const ASSIGNED_WITHIN_MS = 8_000;
const DISTURBED_UNTIL_MS = 10_000;

/** What happens under a seed; the same at any time. */
export function planOf(seed: number): Plan {
  const random = createRandom(seed);
  const tasks = Array.from({ length: TASKS_PER_SEED }, (_, index) => plannedTask(random, seed, index));
  const faults = Array.from({ length: random.between(6, 10) }, () => plannedFault(random));
  // Restarts take the daemon's time and everybody's containers: more than two leave nothing to look at.
  const restarts = faults.filter(({ fault }) => fault.kind === "restart-daemon");
  const kept = faults.filter((fault) => !restarts.slice(2).includes(fault));
  return { seed, tasks, faults: kept.sort((a, b) => a.atMs - b.atMs), calmMs: DISTURBED_UNTIL_MS };
}

function plannedTask(random: Random, seed: number, index: number): PlannedTask {
  const work = index === 0 ? ({ kind: "oom" } as const) : anyWork(random);
  return {
    taskId: `chaos-${seed}-${index}`,
    atMs: random.between(0, ASSIGNED_WITHIN_MS),
    work,
    redelivered: random.chance(0.5),
  };
}

function anyWork(random: Random): TaskKind {
  const roll = random.next();
  if (roll < 0.25) return { kind: "exit", code: 0, afterMs: random.between(0, 1_500) };
  if (roll < 0.45) return { kind: "exit", code: random.between(1, 120), afterMs: random.between(0, 1_500) };
  if (roll < 0.65) return { kind: "exit", code: random.pick([0, 0, 7]), afterMs: random.between(4_000, 9_000) };
  if (roll < 0.72) return { kind: "missing-image" };
  if (roll < 0.88) return { kind: "cancelled", obeys: random.chance(0.7), afterMs: random.between(0, 3_000) };
  return { kind: "rw-sidecar", code: random.pick([0, 5]) };
}

function plannedFault(random: Random): PlannedFault {
  const roll = random.next();
  const backAfterMs = random.between(100, 2_000);
  const fault = ((): FaultKind => {
    if (roll < 0.3) return { kind: "kill-worker", which: random.between(0, 99), backAfterMs };
    if (roll < 0.37) return { kind: "stop-worker", which: random.between(0, 99), backAfterMs };
    if (roll < 0.5) return { kind: "second-worker" };
    if (roll < 0.6) return { kind: "cut-link" };
    if (roll < 0.7) return { kind: "freeze-link", forMs: random.between(300, 2_500), thenCut: random.chance(0.5) };
    if (roll < 0.8) return { kind: "oz-away", forMs: random.between(300, 2_500) };
    if (roll < 0.9) {
      return { kind: "restart-daemon", signal: random.pick(["SIGTERM", "SIGKILL"]), forMs: random.between(0, 1_500) };
    }
    return { kind: "remove-container", which: random.between(0, 99) };
  })();
  return { atMs: random.between(300, DISTURBED_UNTIL_MS - 500), fault };
}
