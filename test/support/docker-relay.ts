import { rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * What happens to a request: it never reaches the daemon; only when `release` is called; or its answer never comes back and
 * the connection breaks.
 */
export type Mischief = "hold" | "hold-until-release" | "lose-answer";

interface Rule {
  readonly pattern: RegExp;
  readonly mischief: Mischief;
  readonly met: () => void;
}

/** A way to a Docker daemon over a unix socket that behaves as badly as a test asks. */
export class DockerRelay implements Disposable {
  readonly socketPath = join(tmpdir(), `oz-relay-${crypto.randomUUID().slice(0, 8)}.sock`);
  /** `METHOD /path` of every request, in order. */
  readonly requests: string[] = [];
  readonly #target: string;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #rules: Rule[] = [];
  #frozen = false;
  #held: (() => void)[] = [];

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((client) => this.#join(client));
  }

  /** `dockerHost` as `unix://…`. */
  static async start(dockerHost: string): Promise<DockerRelay> {
    const relay = new DockerRelay(dockerHost.slice("unix://".length));
    await new Promise<void>((resolve, reject) => {
      relay.#server.once("error", reject);
      relay.#server.listen(relay.socketPath, resolve);
    });
    return relay;
  }

  /** For DOCKER_HOST. */
  get address(): string {
    return `unix://${this.socketPath}`;
  }

  /** Plays a trick on the next request whose first line matches. Resolves when it has come. */
  next(pattern: RegExp, mischief: Mischief): Promise<void> {
    return new Promise((resolve) => {
      this.#rules.push({ pattern, mischief, met: resolve });
    });
  }

  /** Lets through what was held until now. */
  release(): void {
    for (const go of this.#held.splice(0)) go();
  }

  /** Nothing goes through any more, in either direction; connections stay open. */
  freeze(): void {
    this.#frozen = true;
    for (const socket of this.#sockets) socket.pause();
  }

  thaw(): void {
    this.#frozen = false;
    for (const socket of this.#sockets) socket.resume();
  }

  /** Breaks every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  [Symbol.dispose](): void {
    this.#server.close();
    this.cut();
    rmSync(this.socketPath, { force: true });
  }

  #join(client: Socket): void {
    const server = connect(this.#target);
    let answersLost = false;
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      if (this.#frozen) socket.pause();
      socket.on("error", () => socket.destroy());
    }
    client.on("data", (chunk: Buffer) => {
      const mischief = this.#mischiefOf(chunk);
      if (mischief === "hold") return;
      if (mischief === "hold-until-release") {
        client.pause();
        this.#held.push(() => {
          server.write(chunk);
          client.resume();
        });
        return;
      }
      answersLost ||= mischief === "lose-answer";
      server.write(chunk);
    });
    server.on("data", (chunk) => {
      if (answersLost) client.destroy();
      else client.write(chunk);
    });
    client.on("end", () => server.end());
    server.on("end", () => client.end());
    const end = () => {
      for (const socket of [client, server]) {
        socket.destroy();
        this.#sockets.delete(socket);
      }
    };
    client.on("close", end);
    server.on("close", end);
  }

  #mischiefOf(chunk: Buffer): Mischief | undefined {
    const firstLine = chunk.toString("latin1").split("\r\n", 1)[0] ?? "";
    const [, request] = /^([A-Z]+ [^ ?]+).* HTTP\/1\.1$/.exec(firstLine) ?? [];
    if (request !== undefined) this.requests.push(request);
    const rule = this.#rules.find(({ pattern }) => pattern.test(firstLine));
    if (rule === undefined) return undefined;
    this.#rules = this.#rules.filter((other) => other !== rule);
    rule.met();
    return rule.mischief;
  }
}
