import { expect, test } from "bun:test";
import { OBEDIENT, WorkerFixture } from "../support/worker-fixture.ts";

const LOAD = 40;
const PROBES = 21;

test(`claims within 50 ms while ${LOAD} tasks run`, async () => {
  await using fixture = await WorkerFixture.start("claims");
  const { oz } = fixture;
  const load = Array.from({ length: LOAD }, () => fixture.task(OBEDIENT));
  for (const task of load) await oz.assign(task);
  await Promise.all(load.map((task) => fixture.untilReady(task.task_id, undefined, 50_000)));

  const delays: number[] = [];
  for (let probe = 0; probe < PROBES; probe += 1) {
    const data = fixture.task("exit 0");
    const sentAt = performance.timeOrigin + performance.now();
    await oz.assign(data);
    const { atMs } = await oz.waitForMessage("task_claimed", data.task_id);
    delays.push(atMs - sentAt);
    await oz.waitForResult(data.task_id);
  }
  delays.sort((a, b) => a - b);
  const median = delays[Math.floor(PROBES / 2)] ?? Number.NaN;
  const shown = (ms: number | undefined) => ms?.toFixed(1);
  console.log(`from assignment to claim, in ms: median ${shown(median)}, worst ${shown(delays.at(-1))}`);
  expect(median).toBeLessThan(50);
  // One in ten may have met something else that this machine does.
  expect(delays[Math.floor(PROBES * 0.9)]).toBeLessThan(50);

  await Promise.all(load.map((task) => oz.cancel(task.task_id)));
  await Promise.all(load.map((task) => oz.waitForResult(task.task_id, 50_000)));
}, 120_000);
