import { executionLabels, LABELS } from "../../src/docker/records/labels.ts";
import { randomToken, recordNames } from "../../src/docker/records/object-names.ts";
import { currentOwner } from "../../src/host/owner.ts";
import { until } from "./until.ts";
import type { WorkerFixture } from "./worker-fixture.ts";

const EXECUTION = { taskId: "swept", executionId: "1" };

/**
 * Waits until a worker has swept: a record of a dead worker of its key, which is there from now on, is gone. A worker sweeps
 * when it has started, and so another one is started where one runs already.
 */
export async function untilSwept(fixture: WorkerFixture): Promise<void> {
  const records = fixture.recordsOf({ ...currentOwner(), pid: 2 ** 22 + 5, start: "1" });
  const attempt = randomToken();
  const name = recordNames.verdict(records.seals, EXECUTION, attempt);
  const labels = executionLabels("verdict", records, EXECUTION, attempt);
  const old = { ...labels, [LABELS.verdict]: "{}", [LABELS.createdAt]: String(Date.now() - 600_000) };
  const { docker } = fixture.environment;
  await docker.createVolume({ Name: name, Labels: records.seals.seal(name, old) });
  const sweeper = fixture.startWorker();
  const isThere = () =>
    docker
      .getVolume(name)
      .inspect()
      .then(
        () => true,
        () => false,
      );
  await until("the sweep", async () => !(await isThere()), 30_000);
  // It was among others: those have their turn too.
  await Bun.sleep(500);
  await fixture.stopWorker(sweeper);
}
