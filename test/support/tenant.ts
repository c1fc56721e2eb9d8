import type Docker from "dockerode";
import type { LabelMap } from "../../src/docker/records/labels.ts";
import type { TestEnvironment } from "./environment.ts";

interface Made {
  readonly kind: "container" | "volume";
  /** A container's id, a volume's name. */
  readonly id: string;
  /** What of it must not change. */
  readonly sign: string;
}

/** Somebody else on the daemon, who may give what he makes any name and label, and whose things nobody may touch. */
export class Tenant implements AsyncDisposable {
  readonly #docker: Docker;
  readonly #environment: TestEnvironment;
  readonly #made: Made[] = [];
  readonly #tags: string[] = [];

  constructor(environment: TestEnvironment) {
    this.#docker = environment.docker;
    this.#environment = environment;
  }

  async pull(reference: string): Promise<void> {
    const stream = await this.#docker.pull(reference);
    await new Promise((done) => this.#docker.modem.followProgress(stream, done));
  }

  /** Makes a volume; a name without our prefix gets the run's. Answers its name. */
  async volume(name: string, labels: LabelMap): Promise<string> {
    const full = name.startsWith("oz-agent-worker.") ? name : this.#environment.name(name);
    const sign = crypto.randomUUID();
    const Labels = { ...labels, "oz-test.run": this.#environment.run, "oz-test.tenant": sign };
    await this.#docker.createVolume({ Name: full, Labels });
    const details = await this.#inspectVolume(full);
    if (details.sign !== sign) throw new Error(`the name is taken: ${full}`);
    this.#made.push({ kind: "volume", id: full, sign });
    return full;
  }

  /** Whether a volume of that name, or a container of that id, is his. */
  has(id: string): boolean {
    return this.#made.some((made) => made.id === id);
  }

  get count(): number {
    return this.#made.length;
  }

  /** Starts a container that runs a script. */
  async run(
    image: string,
    script: string,
    options: {
      readonly name?: string;
      readonly exactName?: string;
      readonly labels?: LabelMap;
      readonly binds?: readonly string[];
    } = {},
  ): Promise<Docker.Container> {
    const { name = crypto.randomUUID().slice(0, 8), exactName = this.#environment.name(`tenant-${name}`) } = options;
    const container = await this.#docker.createContainer({
      name: exactName,
      Image: image,
      Entrypoint: ["sh", "-c", script],
      Cmd: [],
      Labels: { ...options.labels, "oz-test.run": this.#environment.run },
      HostConfig: { Binds: [...(options.binds ?? [])], NetworkMode: "none" },
    });
    this.#made.push({ kind: "container", id: container.id, sign: exactName });
    await container.start();
    return container;
  }

  /** Makes an image of a container, its labels included. Answers its reference. */
  async commit(container: Docker.Container, name: string): Promise<string> {
    const repo = this.#environment.name(name);
    await container.commit({ repo, tag: "latest" });
    this.#tags.push(`${repo}:latest`);
    return `${repo}:latest`;
  }

  /** What is not there any more, or is not what it was. */
  async missing(): Promise<readonly string[]> {
    const missing: string[] = [];
    for (const { kind, id, sign } of this.#made) {
      const now = await (kind === "volume"
        ? this.#inspectVolume(id).then((details) => details.sign)
        : this.#docker
            .getContainer(id)
            .inspect()
            .then(({ Name }) => Name.slice(1))
      ).catch(() => "nothing");
      if (now !== sign) missing.push(`${kind} ${sign} ${id}: ${now}`);
    }
    return missing;
  }

  async removeAll(): Promise<void> {
    for (const { kind, id } of this.#made.splice(0).reverse()) {
      const object = kind === "volume" ? this.#docker.getVolume(id) : this.#docker.getContainer(id);
      await object.remove({ force: true }).catch(() => {});
    }
    for (const tag of this.#tags.splice(0))
      await this.#docker
        .getImage(tag)
        .remove()
        .catch(() => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.removeAll();
  }

  async #inspectVolume(name: string): Promise<{ readonly sign: string | undefined }> {
    const { Labels } = await this.#docker.getVolume(name).inspect();
    return { sign: Labels?.["oz-test.tenant"] };
  }
}
