import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

/**
 * What becomes of a request: it is never answered; half of its answer comes, and then nothing or a broken connection; its
 * answer comes in eight pieces, each when the test asks for `more`; one byte of it is another one; or it is that status.
 */
export type Mood = "hold" | "half" | "reset" | "pieces" | "damage" | number;

interface Rule {
  readonly pattern: RegExp;
  readonly mood: Mood;
  times: number;
}

/** A registry before the registry of a run, with moods. Plain HTTP; whoever tries TLS first is refused. */
export class MoodyRegistry implements Disposable {
  /** `METHOD /path` of every request, in order. */
  readonly requests: string[] = [];
  readonly #target: string;
  readonly #server: Server;
  readonly #unanswered = new Set<ServerResponse>();
  #rules: Rule[] = [];
  #more = () => false;

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.on("clientError", (_, socket) => socket.destroy());
  }

  /** Before this registry: `127.0.0.1:PORT`. */
  static async start(target: string): Promise<MoodyRegistry> {
    const moody = new MoodyRegistry(target);
    await new Promise<void>((resolve) => moody.#server.listen(0, "127.0.0.1", resolve));
    return moody;
  }

  /** `127.0.0.1:PORT` */
  get address(): string {
    const address = this.#server.address();
    return `127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`;
  }

  /** The requests that are held, or stand half answered, and whose client still waits. */
  get waiting(): number {
    return this.#unanswered.size;
  }

  /** The same image, by way of this registry. */
  through(reference: string): string {
    return reference.replace(this.#target, this.address);
  }

  /** The next requests whose `METHOD /path` matches; all of them unless it says how many. */
  meet(pattern: RegExp, mood: Mood, times = Number.POSITIVE_INFINITY): void {
    this.#rules.push({ pattern, mood, times });
  }

  /** How many requests have come whose `METHOD /path` matches. */
  count(pattern: RegExp): number {
    return this.requests.filter((request) => pattern.test(request)).length;
  }

  /** Sends the next piece of the answer that comes in pieces. False: there is none yet, or none any more. */
  more(): boolean {
    return this.#more();
  }

  /** Has no moods any more; what was held is broken off. */
  calm(): void {
    this.#rules = [];
    for (const response of this.#unanswered) response.destroy();
  }

  [Symbol.dispose](): void {
    this.calm();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const title = `${request.method} ${request.url}`;
    this.requests.push(title);
    const rule = this.#rules.find(({ pattern, times }) => times > 0 && pattern.test(title));
    if (rule !== undefined) rule.times -= 1;
    const mood = rule?.mood;
    if (mood === "hold" || mood === "half") {
      this.#unanswered.add(response);
      response.on("close", () => this.#unanswered.delete(response));
    }
    if (mood === "hold") return;
    if (typeof mood === "number") {
      response.writeHead(mood, { "Content-Type": "application/json" }).end("{}");
      return;
    }
    const { method = "GET", headers } = request;
    const passed = Object.entries(headers).flatMap(([name, value]) =>
      name === "host" || value === undefined ? [] : [[name, String(value)] as [string, string]],
    );
    const answer = await fetch(`http://${this.#target}${request.url}`, { method, headers: passed, redirect: "manual" });
    const body = Buffer.from(await answer.arrayBuffer());
    const fields = [...answer.headers].filter(([name]) => !/^(connection|transfer-encoding)$/.test(name));
    response.writeHead(answer.status, Object.fromEntries(fields));
    const middle = body.length >> 1;
    if (mood === "damage") body[middle] = ~(body[middle] ?? 0) & 0xff;
    if (mood === "pieces") {
      const pieces = Array.from({ length: 8 }, (_, eighth) =>
        body.subarray((body.length * eighth) / 8, (body.length * (eighth + 1)) / 8),
      );
      this.#more = () => {
        const piece = pieces.shift();
        if (piece !== undefined) response.write(piece);
        if (pieces.length === 0) response.end();
        return piece !== undefined;
      };
    } else if (mood === "half") response.write(body.subarray(0, middle));
    else if (mood === "reset") response.write(body.subarray(0, middle), () => response.destroy());
    else response.end(body);
  }
}
