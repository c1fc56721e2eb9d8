import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { type TempFolder, tempFolder } from "../docker/registry/temp-folder.ts";
import { testEnvironment } from "../support/environment.ts";
import { agentImage, sidecarImage } from "../support/images.ts";
import type { PushedImage } from "../support/push-image.ts";
import { type RegistryRelay, registryRelay } from "../support/registry-relay.ts";
import { WorkerFixture } from "../support/worker-fixture.ts";

/** What a worker's tasks run with under each pull policy: the image and the sidecar have a mark, which a task exits with. */

const POLICIES = ["Always", "IfNotPresent", "Never"] as const;
type Policy = (typeof POLICIES)[number];

let folder: TempFolder;
let registry: RegistryRelay;
const fixtures = new Map<Policy, WorkerFixture>();

beforeAll(async () => {
  folder = await tempFolder();
  for (const policy of POLICIES) {
    const content = `backend:\n  docker:\n    image_pull_policy: ${policy}\n`;
    const file = await folder.write(`${policy}.yaml`, content);
    const name = `policy-${policy.toLowerCase()}`;
    fixtures.set(policy, await WorkerFixture.start(name, { args: ["--config-file", file] }));
  }
  // The images that every task has unless told otherwise.
  await fixtureOf("Always").run("exit 0");
});
afterAll(async () => {
  for (const fixture of fixtures.values()) await fixture.close();
  await folder[Symbol.asyncDispose]();
});
beforeEach(async () => {
  registry = await registryRelay(testEnvironment());
  return () => registry.relay.stop();
});

function fixtureOf(policy: Policy): WorkerFixture {
  const fixture = fixtures.get(policy);
  if (fixture === undefined) throw new Error(policy);
  return fixture;
}

const kinds = {
  "a task's image": {
    push: (name: string, mark: number): Promise<PushedImage> =>
      agentImage(testEnvironment(), name, { layers: [[{ path: "mark", content: `${mark}\n` }]] }),
    parts: (image: string) => ({ docker_image: image }),
    script: "exit $(cat /mark)",
    reason: "image_pull",
  },
  "a sidecar": {
    push: (name: string, mark: number): Promise<PushedImage> =>
      sidecarImage(testEnvironment(), { name: `${name}-side`, files: [{ path: "mark", content: `${mark}\n` }] }),
    parts: (image: string) => ({ sidecar_image: image }),
    script: "exit $(cat /agent/mark)",
    reason: "sidecar_prep",
  },
};

describe.each(Object.entries(kinds))("%s", (_, { push, parts, script, reason }) => {
  const run = (policy: Policy, image: string) => fixtureOf(policy).run(script, parts(image));

  test.each(POLICIES)("%s, not here, then here, then newer in the registry", async (policy) => {
    const name = `rows-${policy.toLowerCase()}`;
    const image = registry.through((await push(name, 41)).reference);
    const first = await run(policy, image);
    if (policy === "Never") {
      expect(first.data).toMatchObject({ failure_reason: reason });
      expect(first.data.message).toContain(
        `no image "${image}": it is not on this daemon, and image_pull_policy is Never`,
      );
      expect(registry.relay.accepted).toBe(0);
      expect((await run("IfNotPresent", image)).data.exit_code).toBe(41);
    } else {
      expect(first.data.exit_code).toBe(41);
    }
    await push(name, 42);
    const asked = registry.relay.accepted;
    expect((await run(policy, image)).data.exit_code).toBe(policy === "Always" ? 42 : 41);
    if (policy !== "Always") expect(registry.relay.accepted).toBe(asked);
  });

  test("what is here runs while the registry is away, unless it is always asked", async () => {
    const image = registry.through((await push("away", 43)).reference);
    expect((await run("Always", image)).data.exit_code).toBe(43);
    registry.relay.stop();
    const always = run("Always", image);
    for (const policy of ["IfNotPresent", "Never"] as const) {
      expect((await run(policy, image)).data.exit_code).toBe(43);
    }
    expect((await always).data).toMatchObject({ failure_reason: reason });
  });
});
