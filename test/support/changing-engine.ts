import { rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { httpAnswer } from "../docker/endpoint/local-server.ts";

const EngineVersion = v.looseObject({ ApiVersion: v.string() });

/** What a daemon says of itself; what is left out is the real daemon's. */
export interface EngineFace {
  /** The API versions that it speaks, as `1.44`. */
  readonly api?: readonly [oldest: string, newest: string];
  readonly architecture?: string;
}

/**
 * A socket at which one daemon after the other is found: behind each of them is the real one. What is asked in a version out
 * of its range is refused as Docker does it; the rest reaches the real daemon in a version that it knows.
 */
export class ChangingEngine implements Disposable {
  readonly socketPath = join(tmpdir(), `oz-engine-${crypto.randomUUID().slice(0, 8)}.sock`);
  /** The first line of each request that was refused. */
  readonly refused: string[] = [];
  /** The first line of each request that was passed on, as it came. */
  readonly passed: string[] = [];
  readonly #target: string;
  readonly #known: v.InferOutput<typeof EngineVersion>;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #face: EngineFace = {};

  private constructor(target: string, known: v.InferOutput<typeof EngineVersion>) {
    this.#target = target;
    this.#known = known;
  }

  /** `dockerHost` as `unix://…`. */
  static async start(dockerHost: string, face: EngineFace): Promise<ChangingEngine> {
    const target = dockerHost.slice("unix://".length);
    const known: unknown = await (await fetch("http://docker/version", { unix: target })).json();
    const engine = new ChangingEngine(target, v.parse(EngineVersion, known));
    await engine.up(face);
    return engine;
  }

  /** For DOCKER_HOST. */
  get address(): string {
    return `unix://${this.socketPath}`;
  }

  /** Another daemon takes the place of the present one, and nobody is told. */
  become(face: EngineFace): void {
    this.#face = face;
  }

  /** Ends the daemon: connections break, and nothing is there to connect to. */
  down(): void {
    this.#server?.close();
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    rmSync(this.socketPath, { force: true });
  }

  async up(face: EngineFace): Promise<void> {
    this.#face = face;
    const server = createServer((client) => this.#join(client));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.socketPath, resolve);
    });
  }

  [Symbol.dispose](): void {
    this.down();
  }

  #join(client: Socket): void {
    const server = connect(this.#target);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    client.on("data", (chunk: Buffer) => {
      if (client.writableEnded) return;
      const request = /^[A-Z]+ (?:\/v(\d+\.\d+))?(\/\S*) HTTP\/1\.1\r\n/.exec(chunk.toString("latin1", 0, 2_000));
      const own = request === null ? undefined : this.#answer(request[1], request[2] ?? "");
      if (own === undefined) {
        if (request !== null) this.passed.push(request[0].trim());
        server.write(request === null ? chunk : this.#inKnownVersion(chunk, request[1]));
      } else {
        if (own.status === 400) this.refused.push(request?.[0].trim() ?? "");
        client.end(httpAnswer(own.status, own.body));
      }
    });
    server.on("data", (chunk) => client.write(chunk));
  }

  /** What this daemon says by itself. */
  #answer(version: string | undefined, path: string): { readonly status: number; readonly body: object } | undefined {
    const { api: range, architecture } = this.#face;
    const [oldest, newest] = range ?? [];
    if (path === "/version") {
      const versions =
        range === undefined ? {} : { ApiVersion: newest, MinAPIVersion: oldest, Version: `of ${newest}` };
      return { status: 200, body: { ...this.#known, ...versions, ...(architecture ? { Arch: architecture } : {}) } };
    }
    if (version === undefined || oldest === undefined || newest === undefined) return undefined;
    const tooOld = minor(version) < minor(oldest);
    if (!tooOld && minor(version) <= minor(newest)) return undefined;
    const message = tooOld
      ? `client version ${version} is too old. Minimum supported API version is ${oldest}, please upgrade your client to a newer version`
      : `client version ${version} is too new. Maximum supported API version is ${newest}`;
    return { status: 400, body: { message } };
  }

  #inKnownVersion(chunk: Buffer, version: string | undefined): Buffer {
    const { ApiVersion } = this.#known;
    // Without a range it is the real daemon itself, which refuses by itself.
    if (version === undefined || this.#face.api === undefined || minor(version) <= minor(ApiVersion)) return chunk;
    const at = chunk.indexOf(`/v${version}/`);
    const rest = chunk.subarray(at + `/v${version}/`.length);
    return Buffer.concat([chunk.subarray(0, at), Buffer.from(`/v${ApiVersion}/`), rest]);
  }
}

function minor(version: string): number {
  return Number(version.split(".")[1]);
}
