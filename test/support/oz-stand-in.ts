import type { Server, ServerWebSocket } from "bun";
import { agentProblem } from "./agent-problem.ts";
import type { AssignmentData } from "./assignment-builder.ts";
import { checkClientFrame } from "./message-shapes.ts";
import { type HandshakeAnswer, type OzStandInOptions, readOutgoing } from "./oz-events.ts";
import { decideHandshake, OZ_PATH } from "./oz-handshake.ts";
import { OzObserver } from "./oz-observer.ts";
import { isSetupEvent, readSetupEvent } from "./setup-endpoint.ts";

export type { OzStandInOptions };

interface LinkData {
  readonly link: number;
  readonly workerId: string;
  frames: number;
}
type Link = ServerWebSocket<LinkData>;

export interface CancelOptions {
  /** That execution alone. */
  readonly executionId?: string;
  readonly timeoutMs?: number;
}

const CONFIRM = "confirm:";

/** An Oz on 127.0.0.1 that speaks the real protocol and is strict about it: `violations` must stay empty. */
export class OzStandIn extends OzObserver {
  readonly apiKey: string;
  readonly workerId: string;
  readonly #options: OzStandInOptions;
  readonly #links: Link[] = [];
  readonly #last = new Map<string, string>();
  #server: Server<LinkData> | undefined;
  #port: number;
  #answer: HandshakeAnswer = { kind: "accept" };
  #opened = 0;
  #next = 0;

  constructor(options: OzStandInOptions = {}) {
    super(options.onEvent);
    this.#options = options;
    this.apiKey = options.apiKey ?? "wk-test-api-key-0123456789";
    this.workerId = options.workerId ?? "test-worker";
    this.#port = options.port ?? 0;
    this.comeBack();
  }

  get port(): number {
    return this.#port;
  }

  /** For `--web-socket-url`. */
  get url(): string {
    return `${this.#options.tls ? "wss" : "ws"}://127.0.0.1:${this.#port}${OZ_PATH}`;
  }

  /** For `--server-root-url`: set-up events are told there. */
  get rootUrl(): string {
    return `${this.#options.tls ? "https" : "http"}://127.0.0.1:${this.#port}`;
  }

  /** The flags that lead a worker here, by `address` instead of directly if that is given. */
  flags(address: string = this.url): readonly string[] {
    return ["--worker-id", this.workerId, ...this.addressFlags(address)];
  }

  /** Those of them that say where Oz is. */
  addressFlags(address: string = this.url): readonly string[] {
    return ["--web-socket-url", address, "--server-root-url", this.rootUrl];
  }

  /** How many links are open now. */
  get openLinks(): number {
    return this.#links.length;
  }

  /** How many links were ever opened. */
  get openedLinks(): number {
    return this.#opened;
  }

  /** From now on dials get this answer; open links stay. */
  answerWith(answer: HandshakeAnswer): void {
    this.#answer = answer;
  }

  /** Ends the server and its links, for good or until `comeBack`. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const link of [...this.#links]) link.terminate();
    await server?.stop(true);
  }

  /** Ends the server and its links; the port stays known for `comeBack`. */
  goAway(): Promise<void> {
    return this.stop();
  }

  /** Serves again, on the same port. */
  comeBack(): void {
    this.#server = this.#serve();
    this.#port = this.#server.port ?? this.#port;
  }

  /** Hands an assignment to an open link (to each in turn), waiting for one if there is none. */
  async assign(data: AssignmentData, timeoutMs = 10_000): Promise<void> {
    const frame = JSON.stringify({ type: "task_assignment", data });
    const problem = agentProblem(frame);
    if (problem !== undefined) this.violations.push(problem);
    await this.sendRaw(frame, timeoutMs);
  }

  /** Sends the last assignment of that task once more. */
  async redeliver(taskId: string, timeoutMs = 10_000): Promise<void> {
    const frame = this.#last.get(taskId);
    if (frame === undefined) throw new Error(`never assigned: ${taskId}`);
    await this.sendRaw(frame, timeoutMs);
  }

  /**
   * Cancels the task, or one execution of it, on every open link: Oz does not know which worker has it.
   */
  async cancel(taskId: string, { executionId, timeoutMs }: CancelOptions = {}): Promise<void> {
    await this.waitForLink(timeoutMs);
    const data = { task_id: taskId, ...(executionId === undefined ? {} : { execution_id: executionId }) };
    const frame = JSON.stringify({ type: "task_cancellation", data });
    for (const link of this.#links) this.#send(link, frame);
  }

  closeLinks(code: number, reason = ""): void {
    for (const link of [...this.#links]) link.close(code, reason);
  }

  /** Resolves when a link is open, or as many as asked for. */
  async waitForLink(timeoutMs = 10_000, count = 1): Promise<void> {
    await this.waitFor(`${count} open link(s)`, () => this.#links.length >= count || undefined, timeoutMs);
  }

  /** Any frame, as it is; to each open link in turn. */
  async sendRaw(frame: string | Uint8Array, timeoutMs = 10_000): Promise<void> {
    await this.waitForLink(timeoutMs);
    const link = this.#links[this.#next++ % this.#links.length];
    if (link === undefined) throw new Error("the link closed again");
    this.#send(link, frame);
  }

  #send(link: Link, frame: string | Uint8Array): void {
    const { type, taskId, executionId } = readOutgoing(frame);
    if (type === "task_assignment" && typeof frame === "string") {
      this.#last.set(taskId, frame);
      this.rules.assigned(taskId, executionId, link.data.link);
    }
    this.record.add({ kind: "sent", link: link.data.link, type, taskId });
    link.send(frame);
  }

  #serve(): Server<LinkData> {
    return Bun.serve<LinkData>({
      hostname: "127.0.0.1",
      port: this.#port,
      idleTimeout: 0,
      ...(this.#options.tls ? { tls: this.#options.tls } : {}),
      fetch: (request, server) => this.#handshake(request, server),
      websocket: {
        idleTimeout: 0,
        sendPings: false,
        open: (link) => this.#open(link),
        message: (link, frame) => this.#message(link, frame),
        ping: (link, payload) => {
          this.record.add({ kind: "pinged", link: link.data.link, payload: payload.toString() });
          // The pong is out by now. The answer to this one proves that the worker has read it.
          link.ping(`${CONFIRM}${link.data.frames}`);
        },
        pong: (link, payload) => {
          const text = payload.toString();
          if (!text.startsWith(CONFIRM)) return;
          const messages = Number(text.slice(CONFIRM.length));
          this.rules.confirmed(link.data.link, messages);
          this.pongsRead += 1;
          this.record.changed();
        },
        close: (link, code, reason) => {
          const at = this.#links.indexOf(link);
          if (at >= 0) this.#links.splice(at, 1);
          this.record.add({ kind: "closed", link: link.data.link, code, reason });
        },
      },
    });
  }

  async #setupEvent(request: Request): Promise<Response> {
    const { seen, problems } = await readSetupEvent(request);
    this.violations.push(...problems);
    this.record.add({ kind: "setup", event: seen });
    return new Response(null, { status: 204 });
  }

  #handshake(request: Request, server: Server<LinkData>): Response | undefined | Promise<Response> {
    if (isSetupEvent(request)) return this.#options.onSetupEvent?.(request) ?? this.#setupEvent(request);
    const decision = decideHandshake(request, this, this.#answer);
    if (decision.kind === "hang") return new Promise(() => {});
    if (decision.kind === "refuse") {
      const { workerId, response, isDial } = decision;
      if (isDial) this.record.add({ kind: "refused", status: response.status, workerId });
      return response;
    }
    this.#opened += 1;
    const data: LinkData = { link: this.#opened, workerId: decision.workerId, frames: 0 };
    return server.upgrade(request, { data }) ? undefined : new Response("the upgrade failed", { status: 400 });
  }

  #open(link: Link): void {
    this.#links.push(link);
    this.record.add({ kind: "opened", link: link.data.link, workerId: link.data.workerId });
    if (this.#answer.kind === "accept-then-close") link.close(this.#answer.code, this.#answer.reason ?? "");
  }

  #message(link: Link, frame: string | Uint8Array): void {
    link.data.frames += 1;
    const { type, data, taskId, executionId, problems } = checkClientFrame(frame, link.data.workerId);
    const before = this.violations.length;
    this.violations.push(...problems);
    const text = frame.toString();
    const message = { type, taskId, executionId, link: link.data.link, text };
    if (type !== "") this.rules.received({ ...message, frame: link.data.frames });
    const number = this.received.length + 1;
    this.record.add({ kind: "received", number, data, ...message });
    for (const problem of this.violations.slice(before)) this.record.add({ kind: "violation", problem });
  }
}
