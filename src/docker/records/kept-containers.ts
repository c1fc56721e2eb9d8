import type { Log } from "../../support/log.ts";
import { shownSpan } from "../../support/shown-span.ts";
import { describeError, isEngineAway } from "../engine/engine-error.ts";
import {
  inspectContainerWithSize,
  listContainers,
  listVolumes,
  removeIdleContainer,
} from "../engine/engine-objects.ts";
import { removeVolumesOf } from "./discard-execution.ts";
import { LABELS, labelledAttempt, labelledExecution } from "./labels.ts";
import type { Records } from "./records.ts";
import { containerStanding, isKept, listedContainer } from "./standing.ts";

/** What the operator wants kept of tasks that are over. */
export interface Keeping {
  /** False keeps every task's container. */
  readonly cleanup: boolean;
  /** How long those of failed tasks are kept, in milliseconds; 0 is not at all. */
  readonly keepFailedMs: number;
}

/** A container that is kept to look into, as far as its removal is concerned. */
export interface KeptContainer {
  readonly id: string;
  readonly name: string;
  /** Milliseconds since its end. */
  readonly ageMs: number;
  /** Bytes that it has written. */
  readonly size: number;
}

/** What is kept without a word about how long. */
const KEPT_FOR_MS = 7 * 86_400_000;
const MAX_KEPT = 50;
const MAX_KEPT_BYTES = 10 * 1024 ** 3;

/** How long containers are kept, in milliseconds. */
export function keptForMs({ cleanup, keepFailedMs }: Keeping): number {
  return cleanup && keepFailedMs > 0 ? keepFailedMs : Math.max(KEPT_FOR_MS, keepFailedMs);
}

/** Which of the kept containers go: what is too old, and of the rest the oldest beyond 50, or beyond 10 GiB together. */
export function whatGoes(kept: readonly KeptContainer[], keepMs: number): readonly KeptContainer[] {
  const newestFirst = kept.toSorted((one, other) => one.ageMs - other.ageMs);
  let bytes = 0;
  return newestFirst.filter(({ ageMs, size }, index) => {
    bytes += size;
    return ageMs > keepMs || index >= MAX_KEPT || bytes > MAX_KEPT_BYTES;
  });
}

/** Removes the kept containers of this worker id whose time is over, or that are too many. Never rejects. */
export async function clearKept(records: Records, keeping: Keeping, log: Log): Promise<void> {
  const { engine, seals, workerId } = records;
  try {
    const listed = await listContainers(engine, `${LABELS.kind}=task`, `${LABELS.workerId}=${workerId}`);
    const ours = listed.filter((one) => {
      const named = listedContainer(one);
      return isKept(named) && containerStanding(seals, named) === "ours" && one.State !== "running";
    });
    const kept = await Promise.all(
      ours.map(async (one): Promise<readonly KeptContainer[]> => {
        const details = await inspectContainerWithSize(engine, one.Id);
        const endedAt = Date.parse(details?.State.FinishedAt ?? "");
        // One that was never started has no end.
        const since = endedAt > 0 ? endedAt : one.Created * 1_000;
        const { name } = listedContainer(one);
        return details === undefined
          ? []
          : [{ id: one.Id, name, ageMs: records.now() - since, size: details.SizeRw ?? 0 }];
      }),
    );
    for (const { id, name, ageMs } of whatGoes(kept.flat(), keptForMs(keeping))) {
      const labels = ours.find((one) => one.Id === id)?.Labels ?? {};
      const [execution, attempt] = [labelledExecution(labels)?.execution, labelledAttempt(labels)];
      if (execution === undefined || attempt === undefined) continue;
      const volumes = await listVolumes(engine, `${LABELS.attempt}=${attempt}`);
      // It is just being closed: without its container nobody would know that it is over.
      if (volumes.some(({ Labels }) => Labels[LABELS.kind] === "claim")) continue;
      if (!(await removeIdleContainer(engine, id))) continue;
      await removeVolumesOf(records, { execution, attempt });
      log.info("a container that was kept is removed: its time is over, or there are too many", {
        container: name,
        age: shownSpan(ageMs),
      });
    }
  } catch (error) {
    if (!isEngineAway(error))
      log.debug("kept containers could not be looked through", { reason: describeError(error) });
  }
}
