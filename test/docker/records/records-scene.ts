import type Docker from "dockerode";
import { createEngine, type Engine } from "../../../src/docker/engine/engine.ts";
import type { EngineClock } from "../../../src/docker/engine/engine-clock.ts";
import { executionLabels, LABELS } from "../../../src/docker/records/labels.ts";
import { createLedger, type Ledger } from "../../../src/docker/records/ledger.ts";
import { taskContainerName } from "../../../src/docker/records/object-names.ts";
import type { Records } from "../../../src/docker/records/records.ts";
import { createSeals, type Seals } from "../../../src/docker/records/seals.ts";
import type { ContentMaker } from "../../../src/docker/sidecars/content-maker.ts";
import { currentOwner, encodeOwner, type Owner, processStart } from "../../../src/host/owner.ts";
import { type TestEnvironment, testEnvironment } from "../../support/environment.ts";
import { agentImage } from "../../support/images.ts";
import type { PushedImage } from "../../support/push-image.ts";
import { recordedLog } from "../../support/recorded-log.ts";
import { recordsFor } from "../../support/records-for.ts";

/** A worker id of a test's own on the real daemon, with what several workers of it would see and leave. */
export class RecordsScene implements AsyncDisposable {
  readonly environment: TestEnvironment = testEnvironment();
  readonly docker: Docker = this.environment.docker;
  readonly engine: Engine & EngineClock = createEngine(this.docker.modem);
  readonly seals: Seals = createSeals(crypto.randomUUID());
  readonly log = recordedLog();
  readonly workerId = this.environment.name(`records-${crypto.randomUUID().slice(0, 8)}`);
  /** This process, which lives, and one that does not. */
  readonly living: Owner = currentOwner();
  readonly dead: Owner = { ...currentOwner(), pid: 2 ** 22 + 1, start: "1" };
  /** Another process that lives. */
  readonly other: Owner = { ...currentOwner(), pid: 1, start: processStart(1) ?? "" };

  /** Where a worker of this id makes its records; without its own, by the key of this scene. */
  recordsOf(owner: Owner, seals = this.seals, engine: Engine = this.engine): Records {
    return recordsFor(this.docker, this.workerId, owner, seals, engine, this.log);
  }

  ledgerOf(owner: Owner, seals = this.seals): Ledger {
    return createLedger(this.recordsOf(owner, seals));
  }

  /** Who makes the objects of sidecars. */
  makerOf(owner: Owner, engine: Engine = this.engine): ContentMaker {
    return { engine, seals: this.seals, owner: encodeOwner(owner), now: () => this.engine.now(), log: this.log };
  }

  /** The agents' image, pulled. */
  async image(): Promise<PushedImage> {
    const image = await agentImage(this.environment);
    await this.pull(image);
    return image;
  }

  async pull(image: PushedImage): Promise<void> {
    await new Promise((resolve, reject) => {
      this.docker.pull(image.reference, (error: unknown, stream: NodeJS.ReadableStream | undefined) => {
        if (stream === undefined) reject(error);
        else this.docker.modem.followProgress(stream, resolve);
      });
    });
  }

  /** A container of an execution; `ended` ones have run and exited with that code, others would exit with `code`, having done `first`. */
  async container(
    taskId: string,
    attempt: string,
    owner: Owner,
    ended?: number,
    code = 0,
    first = "",
  ): Promise<Docker.Container> {
    const { reference } = await this.image();
    const execution = { taskId, executionId: "1" };
    const name = taskContainerName(this.workerId, execution);
    const container = await this.docker.createContainer({
      name,
      Image: reference,
      Cmd: ["sh", "-c", `${first} exit ${ended ?? code}`],
      Labels: this.seals.seal(name, executionLabels("task", this.recordsOf(owner), execution, attempt)),
    });
    if (ended !== undefined) {
      await container.start();
      await container.wait();
    }
    return container;
  }

  /** Names of the volumes of this worker id. */
  async volumes(): Promise<readonly string[]> {
    const filters = { label: [`${LABELS.workerId}=${this.workerId}`] };
    const { Volumes } = await this.docker.listVolumes({ filters: JSON.stringify(filters) });
    return (Volumes ?? []).map(({ Name }) => Name).sort();
  }

  /** How many containers of this worker id there are. */
  async containers(): Promise<number> {
    const filters = { label: [`${LABELS.workerId}=${this.workerId}`] };
    return (await this.docker.listContainers({ all: true, filters })).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const filters = { label: [`${LABELS.workerId}=${this.workerId}`] };
    for (const { Id } of await this.docker.listContainers({ all: true, filters })) {
      await this.docker.getContainer(Id).remove({ force: true });
    }
    for (const name of await this.volumes()) await this.docker.getVolume(name).remove();
  }
}
