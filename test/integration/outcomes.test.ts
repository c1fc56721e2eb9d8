import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { AssignmentParts } from "../support/assignment-builder.ts";
import { agentImage, testImage } from "../support/images.ts";
import { OBEDIENT, WorkerFixture } from "../support/worker-fixture.ts";

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start("outcomes");
});
afterAll(() => fixture.close());

describe("images", () => {
  test("one that the registry does not have is image_pull, and named", async () => {
    const image = `${fixture.environment.registry}/nothing/here:1`;
    const { data } = await fixture.run("exit 0", { docker_image: image });
    const { task_id, execution_id } = data;
    expect(data).toEqual({ task_id, execution_id, failure_reason: "image_pull", message: expect.any(String) });
    expect(data.message).toStartWith("Failed to execute task: ");
    expect(data.message).toContain(image);
  });

  test("one of another processor is image_pull", async () => {
    const architecture = process.arch === "x64" ? "arm64" : "amd64";
    const foreign = await testImage(fixture.environment, "foreign", { layers: [[]], architecture });
    const { data } = await fixture.run("exit 0", { docker_image: foreign.reference });
    expect(data).toMatchObject({ failure_reason: "image_pull" });
    expect(data.message).toContain(architecture);
    expect(data.message).toContain(foreign.reference);
  });

  test("a name that is none is image_pull", async () => {
    const { data } = await fixture.run("exit 0", { docker_image: "Not An Image" });
    expect(data).toMatchObject({ failure_reason: "image_pull" });
    expect(data.message).toContain("Not An Image");
  });
});

describe("sidecars that are refused by name", () => {
  const refused: readonly (readonly [string, () => AssignmentParts, RegExp])[] = [
    ["an image that is missing", () => sidecar(`${fixture.environment.registry}/no/sidecar:1`, "/x"), /no\/sidecar:1/],
    ["an empty image", () => sidecar(" ", "/opt/x"), /additional_sidecars\[0\].*image is empty.*\/opt\/x/],
    ["an empty mount path", () => sidecar(fixture.sidecar, ""), /mount path is empty/],
    ["a relative mount path", () => sidecar(fixture.sidecar, "opt/x"), /"opt\/x" is not absolute/],
    ["the agent's own mount path", () => sidecar(fixture.sidecar, "/agent/"), /"\/agent" is that of sidecar_image/],
    ["a mount path that climbs", () => sidecar(fixture.sidecar, "/x/../agent"), /"\/x\/\.\.\/agent" holds a "\.\."/],
  ];
  const sidecar = (image: string, mount_path: string) => ({ additional_sidecars: [{ image, mount_path }] });

  for (const [name, parts, words] of refused) {
    test(name, async () => {
      const { data } = await fixture.run("exit 0", parts());
      expect(data).toMatchObject({ failure_reason: "sidecar_prep" });
      expect(data.message).toMatch(words);
      expect(data).not.toHaveProperty("exit_code");
    });
  }

  test("a colon in a mount path is a character of the path and reaches no other mount", async () => {
    const script = `test -x /opt/a:/agent:rw/oz || exit 5; ! touch /agent/x 2>/dev/null || exit 6; exit 4`;
    const { data } = await fixture.run(script, sidecar(fixture.sidecar, "/opt/a:/agent:rw"));
    expect(data).toMatchObject({ failure_reason: "container_exit", exit_code: 4 });
  });
});

describe("containers", () => {
  test("a sidecar without an entrypoint is container_start", async () => {
    const bare = await testImage(fixture.environment, "bare", { layers: [[{ path: "file", content: "x" }]] });
    const { data } = await fixture.run("exit 0", { sidecar_image: bare.reference });
    expect(data).toMatchObject({ failure_reason: "container_start" });
    expect(data.message).toContain("/agent/entrypoint.sh");
  });

  for (const [script, code] of [
    ["exit 1", 1],
    ["exit 255", 255],
    ["kill -TERM $$; sleep 5", 143],
    ["kill -SEGV $$; sleep 5", 139],
    ["no-such-command", 127],
  ] as const) {
    test(`${script}: container_exit ${code}`, async () => {
      // In a child that pid 1 waits for: pid 1 itself takes no signal from inside.
      const { data } = await fixture.run(`sh -c '${script}'; exit $?`);
      expect(data).toMatchObject({ failure_reason: "container_exit", exit_code: code });
      expect(data.message).toContain(String(code));
    });
  }

  test("the code is the process's own, whatever the image says in its labels", async () => {
    const boasting = await agentImage(fixture.environment, "boasting", { labels: { exitCode: "0" } });
    const { data } = await fixture.run("exit 6", { docker_image: boasting.reference });
    expect(data).toMatchObject({ failure_reason: "container_exit", exit_code: 6 });
  });

  test("SIGKILL from outside is container_exit 137, for memory it is not", async () => {
    const { task_id } = await fixture.runUntilReady(OBEDIENT);
    await (await fixture.untilReady(task_id)).kill({ signal: "SIGKILL" });
    const { data } = await fixture.oz.waitForResult(task_id);
    expect(data).toMatchObject({ failure_reason: "container_exit", exit_code: 137 });
  });

  test("killed for memory is container_oom, as far as the daemon can tell it from other kills", async () => {
    // A shell doubles a variable until its memory is not enough.
    const script = `x=0123456789abcdef; while :; do x="$x$x"; done`;
    const [{ data }, tells] = await Promise.all([
      fixture.run(script, { instance_shape: { memory_gb: 1 } }, 50_000),
      daemonTellsOutOfMemory(script),
    ]);
    expect(data).toMatchObject({ failure_reason: tells ? "container_oom" : "container_exit", exit_code: 137 });
  });

  test("removed by somebody else while it runs is container_wait", async () => {
    const { task_id } = await fixture.runUntilReady(OBEDIENT);
    await (await fixture.untilReady(task_id)).remove({ force: true });
    const { data } = await fixture.oz.waitForResult(task_id);
    expect(data).toMatchObject({ failure_reason: "container_wait" });
    expect(data.message).toContain("removed by somebody else");
  });
});

/** Where the kernel does not report to the daemon, Docker itself takes such an end for a kill like any other. */
async function daemonTellsOutOfMemory(script: string): Promise<boolean> {
  const { docker, name } = fixture.environment;
  const memory = 64 * 1024 ** 2;
  const container = await docker.createContainer({
    Image: fixture.image,
    Cmd: ["sh", "-c", script],
    name: name(`bare-${crypto.randomUUID().slice(0, 8)}`),
    HostConfig: { Memory: memory, MemorySwap: memory },
  });
  try {
    await container.start();
    await container.wait();
    return (await container.inspect()).State.OOMKilled;
  } finally {
    await container.remove({ force: true });
  }
}
