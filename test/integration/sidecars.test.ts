import { afterAll, beforeAll, expect, test } from "bun:test";
import { copiedSidecars } from "../support/copied-sidecars.ts";
import { testEnvironment } from "../support/environment.ts";
import { sidecarImage } from "../support/images.ts";
import { removeSidecar, settledSidecar, sidecarObjects } from "../support/sidecar-objects.ts";
import { WorkerFixture } from "../support/worker-fixture.ts";

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start("sidecars", { env: await copiedSidecars(testEnvironment().docker) });
});
afterAll(() => fixture.close());

/** A sidecar that says `content`, under a name that may move on. */
const saying = (name: string, content: string) =>
  sidecarImage(fixture.environment, {
    name,
    files: [
      { path: "content", content },
      // No other test's image is the same.
      { path: "name", content: name },
      { path: "empty", folder: true },
      { path: "link", linkTo: "content" },
    ],
  });

async function expectCompleted(script: string, parts: Parameters<WorkerFixture["run"]>[1]): Promise<void> {
  const { data } = await fixture.run(script, parts);
  expect(data).toMatchObject({ message: "Task completed successfully" });
}

test("the whole file system appears, links, empty folders and modes included; the image has no shell", async () => {
  const image = await saying("whole", "text");
  const script = `set -e; cd /opt/whole; test ! -e bin; test "$(cat link)" = text; test -L link; test -d empty; test -x oz`;
  await expectCompleted(script, { additional_sidecars: [{ image: image.reference, mount_path: "/opt/whole" }] });
});

test("what one task changes in a read-write sidecar is not seen by another, at once or later", async () => {
  const image = await saying("private", "original");
  const parts = {
    additional_sidecars: [
      { image: image.reference, mount_path: "/opt/rw", read_write: true },
      { image: image.reference, mount_path: "/opt/ro" },
    ],
  };
  const script = `set -e; cd /opt/rw; test "$(cat content)" = original; echo changed > content; touch new; rm link
    sleep 1; test "$(cat /opt/ro/content)" = original; test ! -e /opt/ro/new; test -L /opt/ro/link`;
  await Promise.all([1, 2, 3].map(() => expectCompleted(script, parts)));
  await expectCompleted(script, parts);
  // Of the private copies nothing stays.
  const { helpers, volumes } = await settledSidecar(fixture.environment.docker, image);
  expect({ helpers, count: volumes.length }).toEqual({ helpers: [], count: 1 });
});

test("a tag that has moved gives the new content to the next task, the old one to who has it", async () => {
  const mount = (reference: string) => ({ additional_sidecars: [{ image: reference, mount_path: "/opt/moving" }] });
  const first = await saying("moving", "first");
  const script = `trap 'test "$(cat /opt/moving/content)" = first && exit 0; exit 9' TERM; echo ready; sleep 1000 & wait`;
  const running = await fixture.runUntilReady(script, mount(first.reference));
  const second = await saying("moving", "second");
  expect(second.reference).toBe(first.reference);
  await expectCompleted(`test "$(cat /opt/moving/content)" = second`, mount(second.reference));
  await (await fixture.untilReady(running.task_id)).kill({ signal: "SIGTERM" });
  expect((await fixture.oz.waitForResult(running.task_id)).type).toBe("task_completed");
});

test("a sidecar that was removed by hand between two tasks is copied again", async () => {
  const image = await saying("removed", "whole");
  const parts = { additional_sidecars: [{ image: image.reference, mount_path: "/opt/removed" }] };
  const script = `test "$(cat /opt/removed/content)" = whole`;
  const { docker } = fixture.environment;
  const { taskId } = await fixture.run(script, parts);
  await fixture.untilCleared(taskId);
  await removeSidecar(docker, image);
  await expectCompleted(script, parts);
});

test("after `docker container prune` content is copied again, and what it orphaned goes with the next worker", async () => {
  await using own = await WorkerFixture.start("pruned", { env: await copiedSidecars(testEnvironment().docker) });
  const image = await saying("pruned", "whole");
  const parts = { additional_sidecars: [{ image: image.reference, mount_path: "/opt/pruned" }] };
  const script = `test "$(cat /opt/pruned/content)" = whole`;
  const { docker } = own.environment;
  const { taskId } = await own.run(script, parts);
  await own.untilCleared(taskId);
  for (const name of (await sidecarObjects(docker, image)).published) await docker.getContainer(name).remove();
  expect((await own.run(script, parts)).type).toBe("task_completed");
  await own.stopWorker();
  await own.startWorker().waitForLine(/listening for tasks/);
  const { published, helpers, volumes } = await settledSidecar(docker, image);
  expect([published.length, helpers.length, volumes.length]).toEqual([1, 0, 1]);
});

test("an image that was removed by hand is pulled again", async () => {
  const image = await saying("no-image", "whole");
  const parts = { additional_sidecars: [{ image: image.reference, mount_path: "/opt/x" }] };
  const script = `test "$(cat /opt/x/content)" = whole`;
  const { taskId } = await fixture.run(script, parts);
  await fixture.untilCleared(taskId);
  await fixture.environment.docker.getImage(image.reference).remove({ force: true });
  await expectCompleted(script, parts);
});

test("one image at several mount paths is one copy", async () => {
  const image = await saying("twice", "whole");
  const paths = ["/opt/a", "/opt/b"];
  await expectCompleted(`test "$(cat /opt/a/content /opt/b/content)" = wholewhole`, {
    additional_sidecars: paths.map((mount_path) => ({ image: image.reference, mount_path })),
  });
  expect((await sidecarObjects(fixture.environment.docker, image)).volumes).toHaveLength(1);
});
