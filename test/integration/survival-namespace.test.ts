import { expect, test } from "bun:test";
import { LABELS } from "../../src/docker/records/labels.ts";
import { until } from "../support/until.ts";
import { WorkerFixture } from "../support/worker-fixture.ts";
import { startWorker, workerCommand } from "../support/worker-process.ts";

/** Who is killed takes what runs in his namespace with him. */
const UNSHARE = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];

async function leases({ environment, workerId }: WorkerFixture): Promise<readonly string[]> {
  const filters = JSON.stringify({ label: [`${LABELS.workerId}=${workerId}`, `${LABELS.kind}=lease`] });
  return ((await environment.docker.listVolumes({ filters })).Volumes ?? []).map(({ Name }) => Name);
}

test("a worker killed in a pid namespace of its own: its task's true end, once, within two minutes", async () => {
  await using fixture = await WorkerFixture.start("namespace", { started: false });
  const { oz, environment } = fixture;
  await using hidden = startWorker({
    command: [...UNSHARE, ...workerCommand()],
    args: [...oz.flags(oz.url), "--log-level", "debug"],
    env: { WARP_API_KEY: oz.apiKey, DOCKER_HOST: environment.dockerHost },
  });
  await hidden.waitForLine(/listening for tasks/);
  const data = await fixture.runUntilReady("echo ready; sleep 30; exit 7");
  expect(await leases(fixture)).toHaveLength(1);
  hidden.kill("SIGKILL");
  await hidden.exited;
  await oz.waitFor("the end of its link", () => oz.openLinks === 0 || undefined);

  fixture.startWorker();
  const { data: end } = await fixture.oz.waitForResult(data.task_id, 120_000);
  expect(end).toMatchObject({ failure_reason: "container_exit", exit_code: 7 });
  await fixture.untilCleared(data.task_id);
  expect(oz.typesOf(data.task_id)).toEqual(["task_claimed", "task_claimed", "task_failed"]);
  await fixture.stopWorker();
  // The dead worker's lease is the next sweep's; that of a worker that has ended in order is gone with it.
  await until("one lease at the most", async () => (await leases(fixture)).length <= 1);
  for (const name of await leases(fixture)) await environment.docker.getVolume(name).remove();
}, 180_000);
