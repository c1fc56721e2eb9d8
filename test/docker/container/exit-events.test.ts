import { expect, test } from "bun:test";
import Docker from "dockerode";
import { createExitEvents, type ExitEvents } from "../../../src/docker/container/exit-events.ts";
import { createEngine } from "../../../src/docker/engine/engine.ts";
import { LABELS } from "../../../src/docker/records/labels.ts";
import { DockerRelay } from "../../support/docker-relay.ts";
import { recordedLog } from "../../support/recorded-log.ts";
import { until } from "../../support/until.ts";
import { RecordsScene } from "../records/records-scene.ts";

/** Real containers, whose ends are looked out for over a connection that a test may break. */
class EventsScene implements AsyncDisposable {
  readonly records = new RecordsScene();
  readonly relay: DockerRelay;
  readonly events: ExitEvents;

  private constructor(relay: DockerRelay) {
    this.relay = relay;
    const { modem } = new Docker({ socketPath: relay.socketPath });
    this.events = createExitEvents(createEngine(modem), this.records.workerId, recordedLog());
  }

  static async start(): Promise<EventsScene> {
    const scene = new EventsScene(await DockerRelay.start(new RecordsScene().environment.dockerHost));
    // Any look-out opens the stream.
    scene.events.lookOut("none").close();
    await scene.streams(1);
    return scene;
  }

  /** Waits until so many streams have been opened, and the last one is under way. */
  async streams(count: number): Promise<void> {
    await until(
      "the stream",
      () => this.relay.requests.filter((request) => request.endsWith("/events")).length >= count,
    );
    await Bun.sleep(100);
  }

  async create(code: number, labels: Readonly<Record<string, string>> = {}, first = ""): Promise<Docker.Container> {
    const { reference } = await this.records.image();
    return await this.records.docker.createContainer({
      Image: reference,
      Cmd: ["sh", "-c", `${first}exit ${code}`],
      Labels: { [LABELS.workerId]: this.records.workerId, ...labels },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.events.close();
    this.relay[Symbol.dispose]();
    await this.records[Symbol.asyncDispose]();
  }
}

/** The exit code that a look-out has told by the time that the engine has answered, and some more; `undefined` for none. */
async function toldBy(lookout: { readonly exitCode: Promise<number> }, container: Docker.Container) {
  let told: number | undefined;
  void lookout.exitCode.then((code) => {
    told = code;
  });
  await container.wait();
  await Bun.sleep(100);
  return told;
}

test("an end is told with its exit code", async () => {
  await using scene = await EventsScene.start();
  const container = await scene.create(7);
  const lookout = scene.events.lookOut(container.id);
  await container.start();
  expect(await lookout.exitCode).toBe(7);
});

test("the code that an image or a container claims in a label of that name is not taken for one", async () => {
  await using scene = await EventsScene.start();
  const container = await scene.create(5, { exitCode: "0" });
  const lookout = scene.events.lookOut(container.id);
  await container.start();
  expect(await toldBy(lookout, container)).toBeUndefined();
});

test("nothing is told of a container whose start was not seen, nor after the look-out was ended", async () => {
  await using scene = await EventsScene.start();
  const [late, ended] = [await scene.create(1, {}, "sleep 1; "), await scene.create(1)];
  await late.start();
  await Bun.sleep(300);
  expect(await toldBy(scene.events.lookOut(late.id), late)).toBeUndefined();
  const lookout = scene.events.lookOut(ended.id);
  lookout.close();
  await ended.start();
  expect(await toldBy(lookout, ended)).toBeUndefined();
});

test("a stream that breaks is opened again with the next look-out, and with none after the end", async () => {
  await using scene = await EventsScene.start();
  scene.relay.cut();
  await Bun.sleep(100);
  const container = await scene.create(9);
  const lookout = scene.events.lookOut(container.id);
  await scene.streams(2);
  await container.start();
  expect(await lookout.exitCode).toBe(9);
  scene.events.close();
  await Bun.sleep(100);
  scene.events.lookOut("another");
  await Bun.sleep(100);
  expect(scene.relay.requests).toHaveLength(2);
});
