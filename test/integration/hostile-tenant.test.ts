import { expect, test } from "bun:test";
import { copiedSidecars } from "../support/copied-sidecars.ts";
import { testEnvironment } from "../support/environment.ts";
import { HostileTenant } from "../support/hostile-tenant.ts";
import { until } from "../support/until.ts";
import { WorkerFixture } from "../support/worker-fixture.ts";

test("a tenant who copies every label and takes every name, while tasks come and go: nothing of his is touched, and nothing of ours lost, doubled or forged", async () => {
  const env = await copiedSidecars(testEnvironment().docker);
  await using fixture = await WorkerFixture.start("tenant", { env });
  const { oz } = fixture;
  const first = fixture.worker;
  const second = fixture.startWorker();
  await oz.waitForLink(10_000, 2);
  await using tenant = new HostileTenant(fixture.environment, fixture.workerId, fixture.image);
  await tenant.begin();

  const tasks = (count: number, script: (code: number) => string) =>
    Array.from({ length: count }, (_, index) => ({ code: index + 3, data: fixture.task(script(index + 3)) }));
  const short = tasks(8, (code) => `sleep 0.3; exit ${code}`);
  const long = tasks(4, (code) => `echo ready; sleep 15; exit ${code}`);
  const late = tasks(8, (code) => `sleep 0.5; exit ${code}`);
  for (const { data } of [...long, ...short]) await oz.assign(data);
  await Promise.all(long.map(({ data }) => fixture.untilReady(data.task_id)));
  await Promise.all(short.map(({ data }) => oz.waitForConfirmation(data.task_id)));
  // A worker that is killed before it has put away a result that was read leaves it to be told again.
  for (const { data } of short) {
    await until(`${data.task_id} cleared away`, async () => (await tenant.leftOfOthers(data.task_id)).length === 0);
  }
  await fixture.killWorker(first);
  const third = fixture.startWorker();
  await oz.waitForLink(10_000, 2);
  for (const { data } of late) await oz.assign(data);

  for (const { data, code } of [...short, ...long, ...late]) {
    const { data: said } = await oz.waitForResult(data.task_id, 40_000);
    expect(said).toMatchObject({ failure_reason: "container_exit", exit_code: code });
    await oz.waitForConfirmation(data.task_id);
  }
  await tenant.end();
  // A look around, and a sweep of one that has just started, with all that he has made.
  await fixture.startWorker().waitForLine(/listening for tasks/);
  await Bun.sleep(2_000);
  expect(await tenant.missing()).toEqual([]);
  await until("the end of what was ours", async () => (await tenant.leftOfOthers()).length === 0, 40_000);
  for (const { data } of [...short, ...long, ...late]) {
    expect(oz.typesOf(data.task_id).filter((type) => type !== "task_claimed")).toEqual(["task_failed"]);
  }
  for (const worker of [second, third, fixture.worker]) expect((await fixture.stopWorker(worker)).code).toBe(0);
  console.log(`the tenant made ${tenant.count} objects, with ${tenant.tookNames} names of ours`);
  expect(tenant.tookNames).toBeGreaterThan(20);
  expect(await tenant.missing()).toEqual([]);
  await tenant.removeAll();
}, 150_000);
