import type { Log } from "../../support/log.ts";
import { type Execution, executionKey } from "../../task/execution.ts";
import type { ExecutionResult } from "../../task/execution-result.ts";
import type { Engine } from "../engine/engine.ts";
import { inspectContainer, listContainers, removeContainer } from "../engine/engine-objects.ts";
import type { ContainerDetails, ContainerSummary } from "../engine/engine-schemas.ts";
import { listAttempts, type SeenAttempt } from "./attempts.ts";
import { discardExecution } from "./discard-execution.ts";
import { LABELS } from "./labels.ts";
import { findClaim, findVerdict, isDone, type Ledger } from "./ledger.ts";
import { isKeptName } from "./object-names.ts";
import type { Takeover } from "./takeover.ts";

/** An execution taken over from a dead worker, with all that is known of it. */
export interface Adopted {
  readonly execution: Execution;
  readonly attempt: string;
  /** Absent where it had none yet, or somebody else has removed it. */
  readonly container?: ContainerDetails;
  readonly verdict?: ExecutionResult;
}

export interface AdoptionOptions {
  readonly engine: Engine;
  readonly workerId: string;
  readonly ledger: Ledger;
  readonly takeover: Takeover;
  /** The label of this process. */
  readonly owner: string;
  readonly log: Log;
  /** Whether this process has that execution already. */
  readonly isHeld: (execution: Execution) => boolean;
}

/** Finds what dead workers of this id have left, and takes it over. */
export interface Adoption {
  /** Looks once. Rejects with an `EngineError`; what was not taken over until then is found the next time. */
  adopt(onAdopted: (adopted: Adopted) => void): Promise<void>;
  /** Whether somebody has that execution of whom it cannot be said whether he lives: nobody would ever report it. */
  isUndecided(execution: Execution): Promise<boolean>;
}

export function createAdoption(options: AdoptionOptions): Adoption {
  const { engine, workerId, ledger, takeover, log, isHeld } = options;
  const toldOf = new Set<string>();

  /** One that cannot be decided is left alone, and the operator told once. */
  async function isOrphan(seen: SeenAttempt): Promise<boolean> {
    const state = await takeover.stateOf(seen, seen.heirs);
    if (state === "unknown" && !toldOf.has(seen.attempt)) {
      toldOf.add(seen.attempt);
      log.warn(
        "a task of another worker of this id is left alone: whether that worker lives cannot be decided from here. " +
          "If it is gone for good, remove the objects by hand (docker rm -f, docker volume rm)",
        {
          task: seen.execution.taskId,
          container: seen.container?.Names[0]?.replace(/^\//, ""),
          volume: seen.claim?.Name,
        },
      );
    }
    return state === "gone";
  }

  /**
   * What is there once nobody else can take it: lists are old, and a dead worker's last call may have come through. One
   * whose result is with Oz is cleared away, as the dead worker would have done.
   */
  async function look({ attempt, execution, container }: SeenAttempt): Promise<Adopted | undefined> {
    const [done, claim, verdict, details] = await Promise.all([
      isDone(engine, attempt),
      findClaim(engine, workerId, execution, attempt),
      findVerdict(engine, attempt),
      container === undefined ? findContainer(attempt) : inspectContainer(engine, container.Id),
    ]);
    const isKept = details !== undefined && isKeptName(details.Name);
    if (done || isKept || (claim === undefined && details === undefined)) {
      const held = { attempt, ...(details ? { container: { id: details.Id, name: details.Name } } : {}) };
      await ledger.dropClaim(execution, attempt);
      await discardExecution({ engine, execution, held, cleanup: !isKept });
      return undefined;
    }
    return { execution, attempt, ...(details ? { container: details } : {}), ...(verdict ? { verdict } : {}) };
  }

  async function findContainer(attempt: string): Promise<ContainerDetails | undefined> {
    const [found] = await listContainers(engine, `${LABELS.attempt}=${attempt}`, `${LABELS.kind}=task`);
    return found && (await inspectContainer(engine, found.Id));
  }

  async function adoptOne(seen: SeenAttempt): Promise<Adopted | undefined> {
    if (seen.labels[LABELS.owner] === options.owner) {
      if (!seen.isDone) await clearOwnRubbish(seen);
      return undefined;
    }
    const latest = seen.heirs.find((heir) => heir.Labels[LABELS.owner] === options.owner);
    if (latest === undefined && !(await isOrphan(seen))) return undefined;
    if (isUnclaimed(seen)) {
      await removeContainer(engine, seen.container.Id);
      return undefined;
    }
    // A takeover that broke off half-way is this process's still.
    const heir = latest?.Name ?? (await takeover.take(seen, seen.heirs));
    return heir === undefined ? undefined : await look(seen);
  }

  /** What calls of this process have made after it had given them up. */
  async function clearOwnRubbish(seen: SeenAttempt): Promise<void> {
    if (isUnclaimed(seen)) await removeContainer(engine, seen.container.Id);
    else if (seen.container === undefined) await ledger.dropClaim(seen.execution, seen.attempt);
  }

  return {
    async isUndecided(execution) {
      const key = executionKey(execution);
      const seen = (await listAttempts(engine, workerId)).filter((one) => executionKey(one.execution) === key);
      const states = await Promise.all(seen.map((one) => takeover.stateOf(one, one.heirs)));
      // Says so in the log, if it has not yet.
      for (const one of seen) await isOrphan(one);
      return states.includes("unknown");
    },
    async adopt(onAdopted) {
      const seen = await listAttempts(engine, workerId);
      const settled = await Promise.allSettled(
        seen.map(async (one) => {
          if (isHeld(one.execution)) return;
          const adopted = await adoptOne(one);
          if (adopted !== undefined) onAdopted(adopted);
        }),
      );
      for (const outcome of settled) if (outcome.status === "rejected") throw outcome.reason;
    },
  };
}

/** A container that a call has made when its claim was settled already: nobody was ever told of it. */
function isUnclaimed(seen: SeenAttempt): seen is SeenAttempt & { container: ContainerSummary } {
  return seen.claim === undefined && seen.container?.State === "created";
}
