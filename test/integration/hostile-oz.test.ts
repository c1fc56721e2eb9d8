import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createRandom } from "../chaos/random.ts";
import type { ProbeAnswer, ProbeRequest } from "../support/health-probe.ts";
import { hostileFrame } from "../support/hostile-frames.ts";
import { HostileOz } from "../support/hostile-oz.ts";
import { until } from "../support/until.ts";
import { WorkerFixture } from "../support/worker-fixture.ts";
import { startWorker } from "../support/worker-process.ts";

/** How long Oz sends; `OZ_TEST_FLOOD_MS` makes it another time. */
const FLOOD_MS = Number(process.env.OZ_TEST_FLOOD_MS ?? 10_000);
const MAX_MEMORY_MIB = 400;
const MAX_HEALTH_MS = 1_000;
const HEALTH_EVERY_MS = 500;

/** The most memory that a process has had, in MiB (VmHWM of proc(5)). */
function peakMemory(pid: number): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "NaN") / 1024;
}

test("an Oz that sends whatever it can, as fast as it can: the worker stays small, answers, and loses nothing", async () => {
  await using fixture = await WorkerFixture.start("hostile", { started: false });
  const { environment, workerId } = fixture;
  await using stack = new AsyncDisposableStack();
  const oz = new HostileOz(workerId);
  stack.defer(() => oz.stop());
  const worker = stack.use(
    startWorker({
      args: [...oz.flags(), "--max-concurrent-tasks", "8"],
      env: { WARP_API_KEY: "wk-test-api-key", DOCKER_HOST: environment.dockerHost },
    }),
  );
  await until("the link", () => oz.isLinked);

  const seconds = Math.ceil(FLOOD_MS / 1_000) + 5;
  const running = [5, 6, 7].map((code) => fixture.task(`sleep ${seconds}; exit ${code}`));
  for (const data of running) oz.send(JSON.stringify({ type: "task_assignment", data }));
  for (const _ of running) await worker.waitForLine(/task started/);
  await until("three containers", async () => (await fixture.containers()).length === 3);

  const chance = createRandom(Date.now());
  const image = `${environment.registry}/${environment.name("nobody-has-this")}:1`;
  oz.flood(() => hostileFrame(chance, running, image));
  const answers: ProbeAnswer[] = [];
  const probe = new Worker(new URL("../support/health-probe.ts", import.meta.url).href);
  stack.defer(() => probe.terminate());
  probe.onmessage = ({ data }: MessageEvent<ProbeAnswer>) => void answers.push(data);
  const request: ProbeRequest = {
    workerId,
    dockerSocket: environment.dockerHost.slice("unix://".length),
    everyMs: HEALTH_EVERY_MS,
  };
  probe.postMessage(request);
  await Bun.sleep(FLOOD_MS);
  oz.calm();
  probe.terminate();
  // Hung up on for a frame beyond all bounds it says so, and that is an answer too.
  for (const { line } of answers) expect(line).toContain(`(pid ${worker.pid})`);
  await until("the link after the flood", () => oz.isLinked, 90_000);

  const endsOf = () => running.map((data) => oz.ends.filter(({ taskId }) => taskId === data.task_id));
  await until("the ends of those that ran before", () => endsOf().every((ends) => ends.length > 0), 90_000);
  expect(endsOf().map((ends) => ends.map(({ data }) => data.exit_code))).toEqual([[5], [6], [7]]);
  expect(oz.problems).toEqual([]);
  const memory = peakMemory(worker.pid);
  const slowest = Math.max(...answers.map(({ ms }) => ms));
  console.error(
    `flood: ${oz.sentFrames} frames, ${Math.round(oz.sentBytes / 1e6)} MB over ${oz.links} links in ${FLOOD_MS / 1_000} s; ` +
      `${Math.round(memory)} MiB at most, health within ${Math.round(slowest)} ms, ${worker.lines.length} lines of log`,
  );
  expect(answers.length).toBeGreaterThan(FLOOD_MS / HEALTH_EVERY_MS / 4);
  expect(memory).toBeLessThan(MAX_MEMORY_MIB);
  expect(slowest).toBeLessThan(MAX_HEALTH_MS);
  expect(worker.lines.length).toBeLessThan(100 + 60 * (FLOOD_MS / 1_000) * 10);
  await fixture.stopWorker(worker);
}, 240_000);
