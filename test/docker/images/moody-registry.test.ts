import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { EngineError } from "../../../src/docker/engine/engine-error.ts";
import type { PullAnswer } from "../../../src/docker/images/images.ts";
import { testEnvironment } from "../../support/environment.ts";
import { testImage } from "../../support/images.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { MoodyRegistry } from "../../support/moody-registry.ts";
import type { PushedImage } from "../../support/push-image.ts";
import { until } from "../../support/until.ts";
import { type RealImages, realImages } from "./real-images.ts";

let registry: MoodyRegistry;
beforeAll(async () => {
  registry = await MoodyRegistry.start(testEnvironment().registry);
});
afterEach(() => registry.calm());
afterAll(() => registry[Symbol.dispose]());

const never = new AbortController().signal;
const MANIFEST = /\/manifests\//;
const LINE = "an image is still being pulled";

/** An image of so many layers of 2 MB that nobody has, by way of the moody registry. */
async function push(
  name: string,
  layers = 1,
): Promise<Pick<PushedImage, "id" | "layers"> & { readonly image: string }> {
  const bytes = () => Buffer.concat(Array.from({ length: 32 }, () => crypto.getRandomValues(new Uint8Array(65_536))));
  const source = {
    layers: Array.from({ length: layers }, (_, index) => [{ path: `part-${index}`, content: bytes() }]),
  };
  const pushed = await testImage(testEnvironment(), name, source);
  return { ...pushed, image: registry.through(pushed.reference) };
}

/** What the log says of pulls that take long. */
const linesOf = ({ log }: RealImages) =>
  log.lines.filter(({ message }) => message === LINE).map(({ fields }) => fields);

/** Moves the clock in small steps, and lets the rest of the world go on meanwhile. */
async function pass(clock: ManualClock, seconds: number): Promise<void> {
  for (let left = seconds; left > 0; left -= 10) {
    clock.advance(Math.min(left, 10) * 1000);
    await Bun.sleep(2);
  }
}

/** Whether, and with what, something has ended. */
function watched<T>(work: Promise<T>): { readonly value: T | undefined } {
  const box: { value: T | undefined } = { value: undefined };
  work.then(
    (value) => {
      box.value = value;
    },
    () => {},
  );
  return box;
}

describe("a registry that answers /v2/ and never the manifest", () => {
  test("is told of every 30 s, is asked twice, and called silent within 5 minutes", async () => {
    const { image } = await push("silent");
    const clock = new ManualClock();
    const scene = realImages({ clock });
    registry.meet(MANIFEST, "hold");
    const answer = watched(scene.images.pull(image, "configured", never));
    await until("the manifest is asked for", () => registry.waiting === 1);
    await pass(clock, 110);
    const asked = { image, registry: registry.address, progress: "the registry was asked and has not answered yet" };
    expect(linesOf(scene)).toEqual([30, 60, 90].map((seconds) => ({ ...asked, seconds })));
    await pass(clock, 10);
    await until("the first try is over", () => scene.log.messages("warn").length === 1);
    expect(scene.log.lines.at(-1)?.fields).toMatchObject({ reason: "silent", delaySeconds: 1 });
    expect(scene.asked().registry).toBe(1);
    await pass(clock, 1);
    await until("the second try", () => registry.waiting === 2);
    await pass(clock, 119);
    expect(answer.value).toBeUndefined();
    await pass(clock, 1);
    await until("the end", () => answer.value !== undefined);
    expect(answer.value).toEqual({
      ok: false,
      detail: `could not pull image "${image}": its registry ${registry.address} is silent: nothing came from it for 120 s; the worker's log has more`,
      said: "nothing new for 120 s: the registry was asked and has not answered yet",
    });
    expect(clock.now()).toBeLessThan(300_000);
    expect(scene.asked().registry).toBe(2);
    const tens = linesOf(scene).map(({ seconds }) => Math.floor(Number(seconds) / 10));
    expect(tens).toEqual([3, 6, 9, 12, 15, 18, 21, 24]);
    expect(clock.pending()).toEqual([]);
  });

  test("is no trouble once it answers the second time", async () => {
    const { image, id } = await push("silent-once");
    const clock = new ManualClock();
    const scene = realImages({ clock });
    registry.meet(MANIFEST, "hold", 1);
    const answer = scene.images.pull(image, "configured", never);
    await until("the manifest is asked for", () => registry.waiting === 1);
    await pass(clock, 120);
    await until("the first try is over", () => scene.log.messages("warn").length === 1);
    clock.advance(1000);
    expect(await answer).toMatchObject({ ok: true, imageId: id });
    expect(clock.pending()).toEqual([]);
  });

  test("is told of once for all who wait, who leave at once and without each other; the last ends it", async () => {
    const { image } = await push("silent-shared");
    const clock = new ManualClock();
    let isGivenUp = () => false;
    const scene = realImages({ clock }, ({ path, signal }) => {
      if (path === "/images/create") isGivenUp = () => signal?.aborted === true;
      return undefined;
    });
    registry.meet(MANIFEST, "hold");
    const aborts = Array.from({ length: 20 }, () => new AbortController());
    const answers = aborts.map(({ signal }) => scene.images.pull(image, "configured", signal).catch((error) => error));
    await until("the manifest is asked for", () => registry.waiting === 1);
    await pass(clock, 30);
    expect(linesOf(scene)).toHaveLength(1);
    expect(scene.asked().registry).toBe(1);
    const [last, ...others] = aborts.map((abort, index) => ({ abort, answer: answers[index] }));
    for (const { abort, answer } of others) {
      const reason = new Error("cancelled");
      abort.abort(reason);
      expect(await answer).toBe(reason);
    }
    await pass(clock, 30);
    expect(isGivenUp()).toBe(false);
    expect(linesOf(scene)).toHaveLength(2);
    last?.abort.abort("the last");
    expect(await last?.answer).toBe("the last");
    expect(isGivenUp()).toBe(true);
    expect(clock.pending()).toEqual([]);
  });
});

test("a daemon that does not answer either is not the registry's silence", async () => {
  const { image, id } = await push("hung-daemon");
  const clock = new ManualClock();
  let pings = 0;
  const scene = realImages({ clock }, ({ path }) => {
    if (path === "/_ping" && ++pings === 1) throw new EngineError("timeout", "no answer");
    return undefined;
  });
  registry.meet(MANIFEST, "hold", 1);
  const answer = scene.images.pull(image, "configured", never);
  await until("the manifest is asked for", () => registry.waiting === 1);
  await pass(clock, 120);
  expect(await answer).toMatchObject({ ok: true, imageId: id });
  expect(scene.log.messages("warn")).toEqual([]);
});

describe("a layer", () => {
  test("that stops in the middle is silence too; what has come is told of", async () => {
    const { image, id, layers } = await push("half", 2);
    const clock = new ManualClock();
    const scene = realImages({ clock });
    registry.meet(new RegExp(`GET .*/blobs/${layers.at(-1)}`), "half", 1);
    const answer = scene.images.pull(image, "configured", never);
    await until("the other layer is done", () => scene.said().includes("Pull complete") && registry.waiting === 1);
    await pass(clock, 30);
    expect(linesOf(scene)[0]?.progress).toMatch(/^1 of 2 layers downloaded, \d\.\d MB$/);
    await pass(clock, 90);
    await until("the first try is over", () => scene.log.messages("warn").length === 1);
    expect(scene.log.lines.find(({ level }) => level === "warn")?.fields).toMatchObject({ reason: "silent" });
    clock.advance(1000);
    expect(await answer).toMatchObject({ ok: true, imageId: id });
  });

  test("may be here while the image's configuration never comes, which is silence as well", async () => {
    const { image, id } = await push("no-configuration");
    const clock = new ManualClock();
    const scene = realImages({ clock });
    registry.meet(new RegExp(`GET .*/blobs/${id}`), "hold", 1);
    const answer = scene.images.pull(image, "configured", never);
    await until("the layer is done", () => scene.said().includes("Pull complete"));
    await pass(clock, 30);
    expect(linesOf(scene)[0]?.progress).toMatch(/^1 of 1 layers downloaded, \d\.\d MB$/);
    await pass(clock, 90);
    await until("the first try is over", () => scene.log.messages("warn").length === 1);
    clock.advance(1000);
    expect(await answer).toMatchObject({ ok: true, imageId: id });
  });

  test("that goes on, however slowly, is waited for", async () => {
    const { image, id } = await push("slow");
    const clock = new ManualClock();
    const scene = realImages({ clock });
    registry.meet(new RegExp(`GET .*/blobs/(?!${id})`), "pieces", 1);
    const answer = scene.images.pull(image, "configured", never);
    for (let pieces = 1; pieces <= 8; pieces += 1) {
      await until("a piece", () => registry.more());
      const before = scene.said().length;
      await until("the engine tells of it", () => scene.said().length > before);
      await pass(clock, 100);
      // It tells of no more than one step in a tenth of a second.
      await Bun.sleep(150);
    }
    expect(await answer).toMatchObject({ ok: true, imageId: id });
    expect(scene.log.messages("warn")).toEqual([]);
    expect(clock.now()).toBeGreaterThan(300_000);
  });

  test.each<["damage" | "reset" | number]>([["damage"], [500], [503], [404]])(
    "that comes wrong once (%p) is fetched again",
    async (mood) => {
      const { image, id } = await push(`once-${mood}`);
      registry.meet(/GET .*\/blobs\//, mood, 1);
      const scene = realImages();
      expect(await scene.images.pull(image, "configured", never)).toMatchObject({ ok: true, imageId: id });
    },
    30_000,
  );
});

test.each<[PatternName: string, pattern: RegExp, mood: "reset" | number]>([
  ["/v2/", /GET \/v2\/$/, 503],
  ["the manifest", MANIFEST, "reset"],
  ["the manifest", MANIFEST, 502],
])("a registry that fails once at %s (%p: %p) is asked again", async (_, pattern, mood) => {
  const { image, id } = await push(`fails-${Bun.hash(`${pattern}${mood}`).toString(36)}`);
  registry.meet(pattern, mood, 1);
  const answer: PullAnswer = await realImages().images.pull(image, "configured", never);
  expect(answer).toMatchObject({ ok: true, imageId: id });
});

test("who waits for a turn says so, is not counted as silent, and is given back at once", async () => {
  const images = await Promise.all(Array.from({ length: 10 }, (_, index) => push(`turn-${index}`)));
  const clock = new ManualClock();
  const scene = realImages({ clock });
  registry.meet(MANIFEST, "hold");
  const abort = new AbortController();
  const answers = images.map(({ image }, index) =>
    scene.images.pull(image, "configured", index === 9 ? abort.signal : never).catch((error) => error),
  );
  const ends = answers.map(watched);
  await until("eight at once", () => registry.waiting === 8);
  await pass(clock, 30);
  const progress = linesOf(scene).map((fields) => fields.progress);
  expect(
    progress.filter((words) => words === "others are pulled first, 8 at once from a registry and 32 in all"),
  ).toHaveLength(2);
  abort.abort("cancelled");
  expect(await answers[9]).toBe("cancelled");
  await pass(clock, 90);
  await until("the first tries are over", () => scene.log.messages("warn").length === 8);
  await pass(clock, 1);
  // They keep their turns.
  await until("the second tries", () => registry.waiting === 16);
  await pass(clock, 120);
  await until("eight ends", () => ends.filter(({ value }) => value !== undefined).length === 9);
  await until("the ninth", () => scene.asked().registry === 17);
  registry.calm();
  await until("its end", async () => {
    await pass(clock, 1);
    return ends[8]?.value !== undefined;
  });
  expect(ends[8]?.value).toMatchObject({ ok: true, imageId: images[8]?.id });
});
