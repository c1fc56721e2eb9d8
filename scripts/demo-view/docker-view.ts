import { PassThrough } from "node:stream";
import type Docker from "dockerode";
import * as v from "valibot";
import { LABELS } from "../../src/docker/records/labels.ts";
import { isProblem, messageOf } from "../environment/problem.ts";
import type { Screen } from "./screen.ts";

/** An event of the Docker daemon, as far as the demo looks; Engine API, `GET /events`. */
const EngineEvent = v.object({
  Type: v.string(),
  Action: v.string(),
  Actor: v.object({ ID: v.string(), Attributes: v.record(v.string(), v.string()) }),
});
type EngineEvent = v.InferOutput<typeof EngineEvent>;

/** The daemon's events of one run, while they are shown. */
export interface DockerWatch {
  /** Resolves with the first line that a task's container prints. */
  firstOutput(taskId: string): Promise<void>;
  /** Resolves when a task's container is removed, or after `limitMs`. */
  removal(taskId: string, limitMs: number): Promise<void>;
  stop(): void;
}

/** Shows what the daemon itself says of a run: images, task containers, their commands and output. */
export async function watchDocker(docker: Docker, run: string, screen: Screen): Promise<DockerWatch> {
  const outputs = new Moments();
  const removals = new Moments();
  const stream = await docker.getEvents({ filters: JSON.stringify({ type: ["container", "image"] }) });
  readLines(stream, (line) => {
    const parsed = v.safeParse(EngineEvent, parseJson(line));
    if (!parsed.success || !line.includes(run)) return;
    const { Type, Action, Actor } = parsed.output;
    const taskId = Actor.Attributes[LABELS.taskId] ?? "";
    show(docker, parsed.output, screen);
    if (Type !== "container" || Actor.Attributes[LABELS.kind] !== "task") return;
    // Attached before it starts, so that not a line is missed.
    if (Action === "create") void follow(docker, Actor.ID, screen, () => outputs.come(taskId));
    if (Action === "destroy") removals.come(taskId);
  });
  return {
    firstOutput: (taskId) => outputs.of(taskId),
    async removal(taskId, limitMs) {
      const { promise: limit, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, limitMs);
      await Promise.race([removals.of(taskId), limit]);
      clearTimeout(timer);
    },
    stop: () => {
      if ("destroy" in stream && typeof stream.destroy === "function") stream.destroy();
    },
  };
}

/** Moments by name, waited for before or after they come. */
class Moments {
  readonly #moments = new Map<string, PromiseWithResolvers<void>>();

  of(name: string): Promise<void> {
    return this.#moment(name).promise;
  }

  come(name: string): void {
    this.#moment(name).resolve();
  }

  #moment(name: string): PromiseWithResolvers<void> {
    const moment = this.#moments.get(name) ?? Promise.withResolvers<void>();
    this.#moments.set(name, moment);
    return moment;
  }
}

function show(docker: Docker, event: EngineEvent, screen: Screen): void {
  const { ID: id, Attributes: attributes } = event.Actor;
  if (event.Type === "image") {
    if (event.Action === "pull") screen.worker("docker", `image pulled: ${id}`);
    return;
  }
  if (attributes[LABELS.kind] !== "task") return;
  const name = attributes.name ?? id;
  const texts: Readonly<Record<string, string>> = {
    create: `container created: ${name}`,
    kill: `signal ${attributes.signal ?? ""} sent to ${name}`,
    die: `container ended: ${name}, exit code ${attributes.exitCode ?? ""}`,
    destroy: `container removed: ${name}`,
  };
  const text = texts[event.Action];
  if (text !== undefined) screen.worker("docker", text);
  if (event.Action === "start") {
    void describe(docker, id).then((command) => screen.worker("docker", `container started: ${command}`));
  }
}

async function describe(docker: Docker, id: string): Promise<string> {
  const details = await docker
    .getContainer(id)
    .inspect()
    .catch((thrown: unknown) => ({ problem: messageOf(thrown) }));
  return isProblem(details) ? details.problem : [details.Path, ...details.Args].join(" ");
}

async function follow(docker: Docker, id: string, screen: Screen, onOutput: () => void): Promise<void> {
  try {
    const container = docker.getContainer(id);
    const output = await container.attach({ stream: true, stdout: true, stderr: true, logs: true });
    const lines = new PassThrough();
    docker.modem.demuxStream(output, lines, lines);
    output.on("end", () => lines.end());
    readLines(lines, (line) => {
      screen.worker("agent", line);
      onOutput();
    });
  } catch {
    // The container was gone before it ran; its events tell the story.
  }
}

function readLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  const decoder = new TextDecoder();
  let rest = "";
  stream.on("data", (chunk: Uint8Array | string) => {
    const parts = (rest + (typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true }))).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) onLine(line);
  });
  stream.on("end", () => {
    if (rest !== "") onLine(rest);
  });
  stream.on("error", () => {});
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
