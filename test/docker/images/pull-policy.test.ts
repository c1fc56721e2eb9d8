import { beforeAll, describe, expect, test } from "bun:test";
import type { PullAnswer, PullPolicy } from "../../../src/docker/images/images.ts";
import type { CredentialPolicy } from "../../../src/docker/images/pull-with-logins.ts";
import { type TestEnvironment, testEnvironment } from "../../support/environment.ts";
import { testImage } from "../../support/images.ts";
import { machineArchitecture, type PushedImage, unpublishImage } from "../../support/push-image.ts";
import { realImages } from "./real-images.ts";

const OURS = machineArchitecture();
const OTHERS = OURS === "amd64" ? "arm64" : "amd64";
const NEVER = "and image_pull_policy is Never";

let environment: TestEnvironment;
beforeAll(() => {
  environment = testEnvironment();
});

/** What a registry and the daemon have under a name. `first` was there before `second`. */
interface Stage {
  readonly first: PushedImage;
  readonly second: PushedImage;
}

const push = (name: string, content: string, architecture = OURS) =>
  testImage(environment, name, { layers: [[{ path: "mark", content }]], architecture });

async function pullHere(image: PushedImage): Promise<void> {
  const { docker } = environment;
  const stream = await docker.pull(image.reference);
  await new Promise((resolve) => docker.modem.followProgress(stream, resolve));
  expect((await docker.getImage(image.reference).inspect()).Id).toBe(image.id);
}

const stages: Readonly<Record<string, (name: string) => Promise<Stage>>> = {
  async "that is here"(name) {
    const image = await push(name, name);
    await pullHere(image);
    return { first: image, second: image };
  },
  async "that is here, and not in the registry any more"(name) {
    const image = await push(name, name);
    await pullHere(image);
    await unpublishImage(image);
    return { first: image, second: image };
  },
  async "that is not here"(name) {
    const image = await push(name, name);
    return { first: image, second: image };
  },
  async "that is newer in the registry"(name) {
    const first = await push(name, name);
    await pullHere(first);
    return { first, second: await push(name, `${name} anew`) };
  },
  async "that is here for another platform"(name) {
    const first = await push(name, name, OTHERS);
    await pullHere(first);
    return { first, second: await push(name, name) };
  },
  async "that is for another platform everywhere"(name) {
    const first = await push(name, name, OTHERS);
    await pullHere(first);
    return { first, second: first };
  },
};

type Expected = "first" | "second" | RegExp;

const table: readonly (readonly [policy: PullPolicy, stage: string, expected: Expected, pulls: number])[] = [
  ["Always", "that is here", "first", 1],
  ["Always", "that is here, and not in the registry any more", /no such image/, 1],
  ["Always", "that is not here", "second", 1],
  ["Always", "that is newer in the registry", "second", 1],
  ["Always", "that is here for another platform", "second", 1],
  ["Always", "that is for another platform everywhere", new RegExp(`built for linux/${OTHERS}.*runs linux/${OURS}`), 1],
  ["IfNotPresent", "that is here", "first", 0],
  ["IfNotPresent", "that is here, and not in the registry any more", "first", 0],
  ["IfNotPresent", "that is not here", "second", 1],
  ["IfNotPresent", "that is newer in the registry", "first", 0],
  ["IfNotPresent", "that is here for another platform", "second", 1],
  [
    "IfNotPresent",
    "that is for another platform everywhere",
    new RegExp(`built for linux/${OTHERS}.*it is here for linux/${OTHERS}`),
    1,
  ],
  ["Never", "that is here", "first", 0],
  ["Never", "that is here, and not in the registry any more", "first", 0],
  ["Never", "that is not here", new RegExp(`it is not on this daemon, ${NEVER}`), 0],
  ["Never", "that is newer in the registry", "first", 0],
  [
    "Never",
    "that is here for another platform",
    new RegExp(`here for linux/${OTHERS}.*runs linux/${OURS}, ${NEVER}`),
    0,
  ],
  ["Never", "that is for another platform everywhere", new RegExp(`here for linux/${OTHERS}.*${NEVER}`), 0],
];

function judge(answer: PullAnswer, image: string, stage: Stage, expected: Expected): void {
  if (typeof expected === "string") {
    expect(answer).toMatchObject({ ok: true, imageId: stage[expected].id });
  } else {
    if (answer.ok) throw new Error(`came to ${answer.imageId}`);
    expect(answer.detail).toContain(`"${image}"`);
    expect(answer.detail).toMatch(expected);
  }
}

const users: readonly (readonly [who: string, credentials: CredentialPolicy])[] = [
  ["a task's image", "configured"],
  ["a sidecar's image", "anonymous-first"],
];

describe.each(users)("%s", (who, credentials) => {
  test.each(table)("%s, %s: %s, by %p pulls", async (policy, stageName, expected, pulls) => {
    const name = `policy-${who.split(" ")[1]?.slice(0, 4)}-${crypto.randomUUID().slice(0, 8)}`;
    const stage = await stages[stageName]?.(name);
    if (stage === undefined) throw new Error(stageName);
    const { images, asked } = realImages({ pullPolicy: () => policy });
    const answer = await images.pull(stage.second.reference, credentials, new AbortController().signal);
    judge(answer, stage.second.reference, stage, expected);
    expect(asked().registry).toBe(pulls);
  });
});

describe("a name with a digest", () => {
  test.each<[PullPolicy, boolean, boolean]>([
    ["Always", true, true],
    ["IfNotPresent", true, true],
    ["IfNotPresent", false, true],
    ["Never", true, true],
    ["Never", false, false],
  ])("%s, here %p: had %p", async (policy, isHere, isHad) => {
    const image = await push(`digest-${crypto.randomUUID().slice(0, 8)}`, crypto.randomUUID());
    if (isHere) {
      const { docker } = environment;
      const stream = await docker.pull(image.pinned);
      await new Promise((resolve) => docker.modem.followProgress(stream, resolve));
    }
    const { images, asked } = realImages({ pullPolicy: () => policy });
    const answer = await images.pull(image.pinned, "configured", new AbortController().signal);
    expect(answer.ok ? answer.imageId : answer.detail).toContain(isHad ? image.id : image.pinned);
    expect(asked().registry).toBe(policy === "Always" || (policy === "IfNotPresent" && !isHere) ? 1 : 0);
  });
});

test("what is here is looked at once, also by pulls that come together, and nothing is expected beside them", async () => {
  const image = await push("looked-at", "x");
  await pullHere(image);
  const { images, asked } = realImages({ pullPolicy: () => "IfNotPresent" });
  const { signal } = new AbortController();
  await Promise.all([1, 2, 3].map(() => images.pull(image.reference, "configured", signal)));
  expect(await images.expected(image.reference)).toBeUndefined();
  expect(asked()).toEqual({ registry: 0, here: 1 });
});

test("an image that somebody removes is pulled at the next task, and one that is given another name is taken", async () => {
  const [image, other] = await Promise.all([push("moves", "1"), push("moves-other", "2")]);
  const { images } = realImages({ pullPolicy: () => "IfNotPresent" });
  const { signal } = new AbortController();
  const id = async () => {
    const answer = await images.pull(image.reference, "configured", signal);
    return answer.ok ? answer.imageId : answer.detail;
  };
  expect(await id()).toBe(image.id);
  await environment.docker.getImage(image.reference).remove({ force: true });
  expect(await id()).toBe(image.id);
  await pullHere(other);
  const [repo = "", tag = ""] = image.reference.split(/:(?=[^/:]*$)/);
  await environment.docker.getImage(other.reference).tag({ repo, tag });
  expect(await id()).toBe(other.id);
});
