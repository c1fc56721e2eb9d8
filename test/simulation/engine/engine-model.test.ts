import { afterAll, beforeAll, expect, test } from "bun:test";
import { Readable } from "node:stream";
import { subscribeExit } from "../../../src/docker/container/container-exit.ts";
import { readTail } from "../../../src/docker/container/container-tail.ts";
import { createEngine, type Engine } from "../../../src/docker/engine/engine.ts";
import {
  createContainer,
  createVolume,
  inspectContainer,
  inspectImage,
  inspectVolume,
  listContainers,
  listImagesTagged,
  listVolumes,
  listVolumesNamed,
  NO_COMMAND,
  removeContainer,
  removeImageTag,
  removeVolume,
  renameContainer,
} from "../../../src/docker/engine/engine-objects.ts";
import { type EnginePath, enginePath } from "../../../src/docker/engine/engine-path.ts";
import { ImageDetails } from "../../../src/docker/engine/engine-schemas.ts";
import { createEngineWatch } from "../../../src/docker/engine/engine-watch.ts";
import { readPullProgress } from "../../../src/docker/images/pull-progress.ts";
import { LABELS } from "../../../src/docker/records/labels.ts";
import { fillVolume } from "../../../src/docker/sidecars/fill-volume.ts";
import { singleEntryArchive } from "../../../src/docker/sidecars/single-entry-archive.ts";
import { systemClock } from "../../../src/support/clock.ts";
import { RecordsScene } from "../../docker/records/records-scene.ts";
import { testEnvironment } from "../../support/environment.ts";
import { agentImage } from "../../support/images.ts";
import type { PushedImage } from "../../support/push-image.ts";
import { recordedLog } from "../../support/recorded-log.ts";
import { exits, STUBBORN } from "../scenarios/building-blocks.ts";
import { SEALS } from "../world/stock.ts";
import { askModel, askReal, type Question } from "./asked-of-both.ts";

const environment = testEnvironment();
const real = createEngine(environment.docker.modem);
const name = (suffix: string) => environment.name(`model-${suffix}`);
const WORKS = { quick: exits(3, 50), stubborn: STUBBORN };
/** Keeps the image from being the one of other tests, which has other tags. */
const OWN_LABEL = { "oz-test.of": "the model" };
let scene: RecordsScene;
let image: PushedImage;

beforeAll(async () => {
  scene = new RecordsScene();
  image = await agentImage(environment, "model-agent", { labels: OWN_LABEL });
  await scene.pull(image);
});
afterAll(() => scene[Symbol.asyncDispose]());

/** Asks the real engine and the model the same, and expects the same of them. */
async function askBoth(questions: readonly Question[]): Promise<void> {
  const labels = { ...OWN_LABEL, "oz-test.run": environment.run };
  const workOf = (taskId: string) => (taskId === "quick" ? WORKS.quick : WORKS.stubborn);
  const ofModel = await askModel({ ...image, labels }, workOf, questions);
  expect(ofModel).toEqual([...(await askReal(real, questions))]);
}

const question = (about: string, ask: Question["ask"]): Question => ({ about, ask });
/** A question about a container that an earlier one has made. */
const of = (kept: ReadonlyMap<string, string>, key: string): string => kept.get(key) ?? "none";

const SCRIPTS = { quick: "sleep 0.05; exit 3", stubborn: "trap '' TERM; sleep 300 & wait; sleep 300" };
const body = (task: keyof typeof SCRIPTS, more: object = {}) => ({
  Image: image.reference,
  Cmd: ["sh", "-c", SCRIPTS[task]],
  Env: [],
  Labels: { [LABELS.workerId]: scene.workerId, [LABELS.taskId]: task },
  HostConfig: more,
});
const without = (text: string[]) => text.filter((entry) => !entry.startsWith("PATH="));

/** What is used of an inspected container; the command is another for each. */
async function seen(engine: Engine, id: string): Promise<unknown> {
  const details = await inspectContainer(engine, id);
  return details && { ...details, Config: { ...details.Config, Cmd: [], Env: without(details.Config.Env) } };
}

test("volumes: who creates one first has it, and one that is used stays", async () => {
  const labels = { [LABELS.workerId]: scene.workerId, [LABELS.attempt]: "one" };
  await askBoth([
    question("a first create", (engine) => createVolume(engine, name("v"), labels)),
    question("a second create", (engine) => createVolume(engine, name("v"), { [LABELS.attempt]: "two" })),
    question("a look", (engine) => inspectVolume(engine, name("v"))),
    question("a look at none", (engine) => inspectVolume(engine, name("none"))),
    question("a list by labels", (engine) =>
      listVolumes(engine, `${LABELS.workerId}=${scene.workerId}`, LABELS.attempt),
    ),
    question("a list by other labels", (engine) =>
      listVolumes(engine, `${LABELS.workerId}=${scene.workerId}`, LABELS.kind),
    ),
    question("a list by name", (engine) => listVolumesNamed(engine, name("v"))),
    question("a container that uses it", async (engine, kept) => {
      const mount = { Type: "volume", Source: name("v"), Target: "/v", VolumeOptions: { NoCopy: true } };
      kept.set("user", await createContainer(engine, name("user"), body("quick", { Mounts: [mount] })));
    }),
    question("a removal in use", (engine) => removeVolume(engine, name("v"))),
    question("a list of containers with mounts", (engine) =>
      listContainers(engine, `${LABELS.workerId}=${scene.workerId}`),
    ),
    question("a removal of the container", (engine, kept) => removeContainer(engine, of(kept, "user"))),
    question("a removal", (engine) => removeVolume(engine, name("v"))),
    question("a removal of none", (engine) =>
      engine.run({ method: "DELETE", path: enginePath`/volumes/${name("v")}` }),
    ),
  ]);
});

test("containers: a name is taken once, and a container tells how it ended", async () => {
  const run = (engine: Engine, path: EnginePath) => engine.run({ method: "POST", path });
  await askBoth([
    question("a create of no image", (engine) =>
      createContainer(engine, name("c"), { ...body("quick"), Image: "oz-test-none:1" }),
    ),
    question(
      "a create",
      async (engine, kept) => void kept.set("c", await createContainer(engine, name("c"), body("quick"))),
    ),
    question("a create of a taken name", (engine) => createContainer(engine, name("c"), body("quick"))),
    question("a look by name", (engine) => seen(engine, name("c"))),
    question("a look at none", (engine) => inspectContainer(engine, name("none"))),
    question("a list", (engine) =>
      listContainers(engine, `${LABELS.taskId}=quick`, `${LABELS.workerId}=${scene.workerId}`),
    ),
    question("a name that it has", (engine, kept) => renameContainer(engine, of(kept, "c"), name("c"))),
    question("another name", (engine, kept) => renameContainer(engine, of(kept, "c"), name("d"))),
    question(
      "a create of the freed name",
      async (engine, kept) => void kept.set("e", await createContainer(engine, name("c"), body("stubborn"))),
    ),
    question("a name that another has", (engine, kept) => renameContainer(engine, of(kept, "c"), name("c"))),
    question("a kill of one that does not run", (engine, kept) =>
      run(engine, enginePath`/containers/${of(kept, "c")}/kill`),
    ),
    question("a stop of one that does not run", (engine, kept) =>
      run(engine, enginePath`/containers/${of(kept, "c")}/stop`),
    ),
    question("a start of none", (engine) => run(engine, enginePath`/containers/${name("none")}/start`)),
    question("a start, and its end", async (engine, kept) => {
      await run(engine, enginePath`/containers/${of(kept, "c")}/start`);
      const watch = createEngineWatch(engine, systemClock, recordedLog());
      return await subscribeExit(engine, watch, of(kept, "c")).exit;
    }),
    question("a look at one that has ended", (engine, kept) => seen(engine, of(kept, "c"))),
    question("what it has printed", (engine, kept) => readTail(engine, systemClock, of(kept, "c"))),
    question("a start of one that ignores SIGTERM", (engine, kept) =>
      run(engine, enginePath`/containers/${of(kept, "e")}/start`),
    ),
    question("a start of one that runs", (engine, kept) => run(engine, enginePath`/containers/${of(kept, "e")}/start`)),
    question("a look at one that runs", (engine, kept) => seen(engine, of(kept, "e"))),
    question("a stop after a second", async (engine, kept) => {
      await engine.run({ method: "POST", path: enginePath`/containers/${of(kept, "e")}/stop`, query: { t: 1 } });
      return (await inspectContainer(engine, of(kept, "e")))?.State.ExitCode;
    }),
    question("a removal", (engine, kept) => removeContainer(engine, of(kept, "c"))),
    question("another removal", (engine, kept) =>
      engine.run({ method: "DELETE", path: enginePath`/containers/${of(kept, "c")}` }),
    ),
    question("a removal of the other", (engine, kept) => removeContainer(engine, of(kept, "e"))),
    question("a look at a removed one", (engine, kept) => inspectContainer(engine, of(kept, "e"))),
  ]);
});

test("images: a pull says what it came to, and a copy leaves its mark", async () => {
  const pull = async (engine: Engine, fromImage: string) => {
    const stream = await engine.open({
      method: "POST",
      path: enginePath`/images/create`,
      query: { fromImage, tag: "latest" },
    });
    return await readPullProgress(stream, new AbortController().signal, () => {});
  };
  const [repository = ""] = image.reference.split(/:(?=[^:/]*$)/);
  const label = { [LABELS.workerId]: scene.workerId };
  await askBoth([
    question("a pull of what is here", (engine) => pull(engine, repository)),
    question("a pull of none", (engine) => pull(engine, `${environment.registry}/oz-test-none`)),
    question("a look", (engine) =>
      engine.call({ method: "GET", path: enginePath`/images/${image.reference.split("/")}/json` }, ImageDetails),
    ),
    question("a look at none", (engine) => inspectImage(engine, "oz-test-none:1")),
    question(
      "a source",
      async (engine, kept) =>
        void kept.set(
          "s",
          await createContainer(engine, name("s"), { Image: image.id, Cmd: NO_COMMAND, Labels: label }),
        ),
    ),
    question("a mark where there is none", (engine, kept) =>
      engine.run({ method: "HEAD", path: enginePath`/containers/${of(kept, "s")}/archive`, query: { path: "/none" } }),
    ),
    question("an archive", (engine, kept) => {
      const archive = Readable.from([singleEntryArchive("mark", { kind: "link", target: "." })]);
      return engine.run({
        method: "PUT",
        path: enginePath`/containers/${of(kept, "s")}/archive`,
        query: { path: "/" },
        archive,
      });
    }),
    question("a removal of the source", (engine, kept) => removeContainer(engine, of(kept, "s"))),
    question("a volume that is filled", async (engine, kept) => {
      await createVolume(engine, name("filled"), label);
      const maker = { engine, seals: SEALS, owner: scene.workerId, now: () => Date.now(), log: recordedLog() };
      const request = { imageId: image.id, volume: name("filled"), fillerLabels: () => label };
      const filler = await fillVolume(maker, request, new AbortController().signal);
      kept.set("f", filler);
    }),
    question("the mark in it", (engine, kept) =>
      engine.run({
        method: "HEAD",
        path: enginePath`/containers/${of(kept, "f")}/archive`,
        query: { path: "/.oz-agent-worker-fill/.oz-agent-worker-copy" },
      }),
    ),
    question("what served the copy", (engine) => listImagesTagged(engine, "oz-test-none")),
    question("a removal of no image", (engine) => removeImageTag(engine, "oz-test-none:1")),
    question("a removal of the filler", (engine, kept) => removeContainer(engine, of(kept, "f"))),
    question("a removal of the volume", (engine) => removeVolume(engine, name("filled"))),
  ]);
});
