import { afterAll, beforeAll, expect, test } from "bun:test";
import type Docker from "dockerode";
import { testEnvironment } from "../support/environment.ts";
import { PrivateDockerd } from "../support/private-dockerd.ts";
import { type ShippedBinary, shippedBinary, shippedImage } from "../support/shipped.ts";
import { OBEDIENT, WorkerFixture } from "../support/worker-fixture.ts";

let fixture: WorkerFixture;
let binary: ShippedBinary;
let image = "";
const stack = new AsyncDisposableStack();

beforeAll(async () => {
  binary = stack.use(await shippedBinary());
  fixture = stack.use(await WorkerFixture.start("contained", { started: false }));
  image = await shippedImage(fixture.environment, binary);
}, 60_000);
afterAll(() => stack.disposeAsync());

/** A worker in a container of the release kind: a pid namespace of its own, the daemon's socket mounted unless `bind` says other. */
async function containedWorker(
  fixture: WorkerFixture,
  image: string,
  bind?: string,
  ...flags: readonly string[]
): Promise<Docker.Container> {
  const { oz, environment } = fixture;
  const links = oz.openedLinks;
  const container = await environment.docker.createContainer({
    name: environment.name(`contained-${crypto.randomUUID().slice(0, 8)}`),
    Image: image,
    User: "0:0",
    Cmd: [...oz.flags(), ...flags],
    Env: [`WARP_API_KEY=${oz.apiKey}`],
    HostConfig: {
      NetworkMode: "host",
      Binds: [bind ?? `${environment.dockerHost.slice("unix://".length)}:/var/run/docker.sock`],
    },
  });
  // Its daemon may have ended, and has taken it along then.
  stack.defer(() => container.remove({ force: true }).catch(() => {}));
  await container.start();
  await oz.waitFor("the contained worker's link", () => oz.openedLinks > links || undefined, 20_000);
  return container;
}

test("a killed container's tasks go to the next container: those that run, and those that have ended", async () => {
  const first = await containedWorker(fixture, image);
  const running = await fixture.runUntilReady("echo ready; sleep 5; exit 6");
  const ended = await fixture.runUntilReady("echo ready; sleep 1; exit 4");
  await first.kill();
  await (await fixture.untilReady(ended.task_id)).wait();
  const second = await containedWorker(fixture, image);
  expect((await fixture.oz.waitForResult(ended.task_id, 5_000)).data).toMatchObject({ exit_code: 4 });
  expect((await fixture.oz.waitForResult(running.task_id)).data).toMatchObject({ exit_code: 6 });
  await fixture.untilCleared(running.task_id);
  await second.stop();
  expect((await second.inspect()).State.ExitCode).toBe(0);
}, 60_000);

test("a container that detaches leaves its tasks to the one that takes its place, as an upgrade does", async () => {
  const detaching = ["--on-stop", "detach"];
  const first = await containedWorker(fixture, image, undefined, ...detaching);
  const codes = [3, 4, 5];
  const tasks = await Promise.all(codes.map((code) => fixture.runUntilReady(`echo ready; sleep 8; exit ${code}`)));
  // With Docker's own limit of 10 s: what `docker stop` and `docker compose up -d` do.
  await first.stop();
  expect((await first.inspect()).State.ExitCode).toBe(0);
  await first.remove();
  const second = await containedWorker(fixture, image, undefined, ...detaching);
  for (const [index, { task_id: taskId }] of tasks.entries()) {
    expect((await fixture.oz.waitForResult(taskId, 30_000)).data).toMatchObject({ exit_code: codes[index] });
    await fixture.untilCleared(taskId);
    expect(fixture.oz.typesOf(taskId).filter((type) => type === "task_failed")).toHaveLength(1);
  }
  await second.stop();
  expect((await second.inspect()).State.ExitCode).toBe(0);
}, 60_000);

test("a container that is started again takes its own tasks up; a worker beside it leaves them alone until it dies", async () => {
  const contained = await containedWorker(fixture, image);
  const data = await fixture.runUntilReady(OBEDIENT);
  const beside = fixture.startWorker();
  await fixture.oz.waitForLink(10_000, 2);
  expect(fixture.oz.typesOf(data.task_id)).toEqual(["task_claimed"]);
  expect((await fixture.stopWorker(beside)).code).toBe(0);

  await contained.kill();
  await contained.start();
  await fixture.oz.waitForMessage("task_claimed", data.task_id, 20_000, 2);

  await contained.kill();
  fixture.startWorker();
  await fixture.oz.waitForMessage("task_claimed", data.task_id, 20_000, 3);
  await fixture.oz.cancel(data.task_id);
  expect((await fixture.oz.waitForResult(data.task_id)).data).toMatchObject({ task_state: "CANCELLED" });
  await fixture.untilCleared(data.task_id);
}, 60_000);

test("a container that has the folder of the daemon's socket finds the new one of a restarted daemon, and a task's true end", async () => {
  await using dockerd = await PrivateDockerd.start({ mark: testEnvironment().run, liveRestore: true });
  await using own = await WorkerFixture.start("contained-folder", { started: false, docker: dockerd.docker });
  const image = await shippedImage(own.environment, binary);
  const container = await containedWorker(own, image, `${dockerd.folder}:/var/run`);
  const data = await own.runUntilReady("echo ready; sleep 5; exit 6");
  await dockerd.down("SIGTERM");
  await dockerd.up();
  expect((await own.oz.waitForResult(data.task_id, 30_000)).data).toMatchObject({ exit_code: 6 });
  expect(own.oz.openedLinks).toBe(1);
  await own.untilCleared(data.task_id);
  await container.stop();
  expect((await container.inspect()).State.ExitCode).toBe(0);
}, 90_000);
