import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testEnvironment } from "../support/environment.ts";
import { bigSidecarImage } from "../support/images.ts";
import { PrivateDockerd } from "../support/private-dockerd.ts";
import { WorkerFixture } from "../support/worker-fixture.ts";

let folder = "";
let dockerd: PrivateDockerd;
let fixture: WorkerFixture;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "oz-disk-"));
  await run("mount", "-t", "tmpfs", "-o", "size=120m", "tmpfs", folder);
  dockerd = await PrivateDockerd.start({ mark: testEnvironment().run, dataRoot: folder });
  fixture = await WorkerFixture.start("disk", { env: { DOCKER_HOST: dockerd.address }, docker: dockerd.docker });
}, 60_000);
afterAll(async () => {
  await fixture.close();
  await dockerd.stop();
  await run("umount", folder);
  await rm(folder, { recursive: true });
}, 60_000);

/** In the words of the daemon, or of the worker, which quotes nobody to Oz. */
const FULL = /no space left on device|the disk of the Docker daemon is full/;

test("a sidecar too large for the daemon's disk fails by name, leaves nothing, and the worker goes on", async () => {
  const big = await bigSidecarImage(fixture.environment, { name: "disk-sidecar", megabytes: 90, fileCount: 9 });
  const { data } = await fixture.run("exit 0", { sidecar_image: big.reference }, 60_000);
  expect(data).toMatchObject({ failure_reason: "sidecar_prep" });
  expect(data.message).toMatch(FULL);
  expect(data.message).toContain(big.reference);
  await dockerd.docker.pruneImages({ filters: { dangling: { false: true } } });
  expect((await fixture.run("exit 0", {}, 30_000)).type).toBe("task_completed");
}, 90_000);

test("with no byte left the worker says so of what it cannot record or pull, and goes on later", async () => {
  const filler = join(folder, "filler");
  await writeFile(filler, Buffer.alloc(200_000_000)).catch(() => {});
  const data = fixture.task("exit 0");
  await fixture.oz.assign(data);
  const answer = await fixture.oz.waitFor(
    "an answer",
    () => fixture.oz.received.find(({ taskId, type }) => taskId === data.task_id && type !== "task_claimed"),
    30_000,
  );
  const said = String(answer.data.reason ?? answer.data.message);
  expect(said).toMatch(FULL);
  await rm(filler);
  expect((await fixture.run("exit 0", {}, 30_000)).type).toBe("task_completed");
}, 90_000);

async function run(...command: readonly string[]): Promise<void> {
  const child = Bun.spawn([...command], { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  const [stderr, code] = await Promise.all([new Response(child.stderr).text(), child.exited]);
  if (code !== 0) throw new Error(`${command.join(" ")}: ${stderr.trim()}`);
}
