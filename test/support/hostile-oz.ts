import type { ServerWebSocket } from "bun";
import { checkClientFrame } from "./message-shapes.ts";
import { OZ_PATH } from "./oz-handshake.ts";

/** Bytes that may wait for a worker that does not keep up: more would only measure this process. */
const BACKPRESSURE_BYTES = 8 * 1024 * 1024;
const TURN_MS = 5;

type Link = Record<string, never>;

/** An end that the worker told of. */
export interface ToldEnd {
  readonly taskId: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * An Oz that hands out what it is told to, and then sends whatever `nextFrame` makes as fast as the worker takes it. It keeps
 * no books but the ends of tasks: those of a stand-in would take longer than the worker.
 */
export class HostileOz {
  readonly ends: ToldEnd[] = [];
  /** Messages that are not what the contract says. */
  readonly problems: string[] = [];
  sentFrames = 0;
  sentBytes = 0;
  links = 0;
  readonly #workerId: string;
  readonly #open = new Set<ServerWebSocket<Link>>();
  readonly #server: Bun.Server<Link>;
  #nextFrame: (() => string | Uint8Array) | undefined;
  #timer: ReturnType<typeof setInterval>;

  constructor(workerId: string) {
    this.#workerId = workerId;
    this.#server = Bun.serve<Link>({
      port: 0,
      hostname: "127.0.0.1",
      idleTimeout: 0,
      fetch: (request, server) =>
        server.upgrade(request, { data: {} })
          ? undefined
          : new Response(null, { status: request.method === "POST" ? 204 : 426 }),
      websocket: {
        maxPayloadLength: 512 * 1024 * 1024,
        backpressureLimit: 1024 * 1024 * 1024,
        idleTimeout: 0,
        open: (link) => {
          this.links += 1;
          this.#open.add(link);
        },
        close: (link) => void this.#open.delete(link),
        message: (_, frame) => this.#read(frame),
      },
    });
    this.#timer = setInterval(() => this.#flood(), TURN_MS);
  }

  /** The flags that lead a worker here. */
  flags(): readonly string[] {
    const host = `127.0.0.1:${this.#server.port}`;
    return [
      ...["--worker-id", this.#workerId, "--web-socket-url", `ws://${host}${OZ_PATH}`],
      ...["--server-root-url", `http://${host}`],
    ];
  }

  /** Sends one frame to each open link. */
  send(frame: string): void {
    for (const link of this.#open) link.send(frame);
  }

  get isLinked(): boolean {
    return this.#open.size > 0;
  }

  /** Sends frames from now on, until `calm`. */
  flood(nextFrame: () => string | Uint8Array): void {
    this.#nextFrame = nextFrame;
  }

  calm(): void {
    this.#nextFrame = undefined;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#server.stop(true);
  }

  #flood(): void {
    const until = performance.now() + TURN_MS;
    for (const link of this.#open) {
      while (this.#nextFrame !== undefined && performance.now() < until) {
        if (link.getBufferedAmount() > BACKPRESSURE_BYTES) break;
        const frame = this.#nextFrame();
        link.send(frame);
        this.sentFrames += 1;
        this.sentBytes += frame.length;
      }
    }
  }

  #read(frame: string | Uint8Array): void {
    const { type, taskId, data, problems } = checkClientFrame(frame, this.#workerId);
    this.problems.push(...problems);
    if (type === "task_completed" || type === "task_failed") this.ends.push({ taskId, type, data });
  }
}
