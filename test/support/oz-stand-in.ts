import type { Server, ServerWebSocket } from "bun";
import type { ClientMessage } from "../../src/protocol/client-message.ts";
import type { AssignmentData } from "./assignment-builder.ts";
import { checkClientFrame } from "./message-shapes.ts";
import { type HandshakeAnswer, type OzEvent, type OzStandInOptions, type Received, readOutgoing } from "./oz-events.ts";
import { decideHandshake, OZ_PATH } from "./oz-handshake.ts";
import { OzRecord } from "./oz-record.ts";
import { ProtocolRules } from "./protocol-rules.ts";

export type { OzStandInOptions };

interface LinkData {
  readonly link: number;
  readonly workerId: string;
  frames: number;
}
type Link = ServerWebSocket<LinkData>;

const CONFIRM = "confirm:";

/** An Oz on 127.0.0.1 that speaks the real protocol and is strict about it: `violations` must stay empty. */
export class OzStandIn {
  readonly apiKey: string;
  readonly workerId: string;
  /** Every breach of the contract, in plain words. */
  readonly violations: string[] = [];
  readonly #options: OzStandInOptions;
  readonly #rules = new ProtocolRules(this.violations);
  readonly #links: Link[] = [];
  readonly #record: OzRecord;
  readonly #last = new Map<string, string>();
  #server: Server<LinkData> | undefined;
  #port: number;
  #answer: HandshakeAnswer = { kind: "accept" };
  #opened = 0;
  #pongsRead = 0;
  #next = 0;

  constructor(options: OzStandInOptions = {}) {
    this.#options = options;
    this.#record = new OzRecord(options.onEvent);
    this.apiKey = options.apiKey ?? "wk-test-api-key-0123456789";
    this.workerId = options.workerId ?? "test-worker";
    this.#port = options.port ?? 0;
    this.comeBack();
  }

  /** Everything that happened, in order. */
  get events(): readonly OzEvent[] {
    return this.#record.events;
  }

  /** The worker's messages, in order. */
  get received(): readonly Received[] {
    return this.#record.received;
  }

  get port(): number {
    return this.#port;
  }

  /** For `--web-socket-url`. */
  get url(): string {
    return `${this.#options.tls ? "wss" : "ws"}://127.0.0.1:${this.#port}${OZ_PATH}`;
  }

  /** How many links are open now. */
  get openLinks(): number {
    return this.#links.length;
  }

  /** How many links were ever opened. */
  get openedLinks(): number {
    return this.#opened;
  }

  /** How many of its pongs the worker has provably read. */
  get pongsRead(): number {
    return this.#pongsRead;
  }

  /** Dials that were refused, with their times. */
  get refusals(): (OzEvent & { kind: "refused" })[] {
    return this.events.filter((event) => event.kind === "refused");
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
    await this.sendRaw(JSON.stringify({ type: "task_assignment", data }), timeoutMs);
  }

  /** Tells the books of a task that was handed out, and claimed, before this Oz was started. */
  knowAbout(taskId: string, executionId: string): void {
    this.#rules.assigned(taskId, executionId);
  }

  /** Sends the last assignment of that task once more. */
  async redeliver(taskId: string, timeoutMs = 10_000): Promise<void> {
    const frame = this.#last.get(taskId);
    if (frame === undefined) throw new Error(`never assigned: ${taskId}`);
    await this.sendRaw(frame, timeoutMs);
  }

  /** Cancels the task on every open link: Oz does not know which worker has it. */
  async cancel(taskId: string, timeoutMs = 10_000): Promise<void> {
    await this.waitForLink(timeoutMs);
    const frame = JSON.stringify({ type: "task_cancellation", data: { task_id: taskId } });
    for (const link of this.#links) this.#send(link, frame);
  }

  closeLinks(code: number, reason = ""): void {
    for (const link of [...this.#links]) link.close(code, reason);
  }

  /** Resolves with the message of that type about that task, past or to come; `nth` counts from 1. */
  async waitForMessage(type: ClientMessage["type"], taskId: string, timeoutMs = 10_000, nth = 1): Promise<Received> {
    const find = () => this.received.filter((one) => one.type === type && one.taskId === taskId)[nth - 1];
    return this.waitFor(`${type} ${taskId}${nth > 1 ? ` (${nth})` : ""}`, find, timeoutMs);
  }

  /** Resolves with the terminal message of that task. */
  async waitForResult(taskId: string, timeoutMs = 10_000): Promise<Received> {
    const ends = ["task_completed", "task_failed"];
    const find = () => this.received.find((one) => one.taskId === taskId && ends.includes(one.type));
    return this.waitFor(`a result of ${taskId}`, find, timeoutMs);
  }

  /** Resolves when the worker provably knows that the result of that task was read. */
  async waitForConfirmation(taskId: string, timeoutMs = 10_000): Promise<void> {
    const check = () => this.#rules.confirmedTerminals(taskId) > 0 || undefined;
    await this.waitFor(`a confirmed result of ${taskId}`, check, timeoutMs);
  }

  /** Resolves when a link is open, or as many as asked for. */
  async waitForLink(timeoutMs = 10_000, count = 1): Promise<void> {
    await this.waitFor(`${count} open link(s)`, () => this.#links.length >= count || undefined, timeoutMs);
  }

  /** The types of the messages about that task, in order. */
  typesOf(taskId: string): string[] {
    return this.received.filter((one) => one.taskId === taskId).map((one) => one.type);
  }

  /** Asks `find` again at every event until it answers; the error after `timeoutMs` tells what came instead. */
  waitFor<T>(what: string, find: () => T | undefined, timeoutMs = 10_000): Promise<T> {
    return this.#record.waitFor(`${what} (${this.openLinks} open links)`, find, timeoutMs);
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
      this.#rules.assigned(taskId, executionId);
    }
    this.#record.add({ kind: "sent", link: link.data.link, type, taskId });
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
          this.#record.add({ kind: "pinged", link: link.data.link, payload: payload.toString() });
          // The pong is out by now. The answer to this one proves that the worker has read it.
          link.ping(`${CONFIRM}${link.data.frames}`);
        },
        pong: (link, payload) => {
          const text = payload.toString();
          if (!text.startsWith(CONFIRM)) return;
          const messages = Number(text.slice(CONFIRM.length));
          this.#rules.confirmed(link.data.link, messages);
          this.#pongsRead += 1;
          this.#record.changed();
        },
        close: (link, code, reason) => {
          const at = this.#links.indexOf(link);
          if (at >= 0) this.#links.splice(at, 1);
          this.#record.add({ kind: "closed", link: link.data.link, code, reason });
        },
      },
    });
  }

  #handshake(request: Request, server: Server<LinkData>): Response | undefined | Promise<Response> {
    const decision = decideHandshake(request, this, this.#answer);
    if (decision.kind === "hang") return new Promise(() => {});
    if (decision.kind === "refuse") {
      const { workerId, response, isDial } = decision;
      if (isDial) this.#record.add({ kind: "refused", status: response.status, workerId });
      return response;
    }
    this.#opened += 1;
    const data: LinkData = { link: this.#opened, workerId: decision.workerId, frames: 0 };
    return server.upgrade(request, { data }) ? undefined : new Response("the upgrade failed", { status: 400 });
  }

  #open(link: Link): void {
    this.#links.push(link);
    this.#record.add({ kind: "opened", link: link.data.link, workerId: link.data.workerId });
    if (this.#answer.kind === "accept-then-close") link.close(this.#answer.code, this.#answer.reason ?? "");
  }

  #message(link: Link, frame: string | Uint8Array): void {
    link.data.frames += 1;
    const { type, data, taskId, problems } = checkClientFrame(frame, link.data.workerId);
    const before = this.violations.length;
    this.violations.push(...problems);
    const text = frame.toString();
    if (type !== "") this.#rules.received(type, taskId, link.data.link, link.data.frames, text);
    const number = this.received.length + 1;
    this.#record.add({ kind: "received", link: link.data.link, number, type, taskId, data, text });
    for (const problem of this.violations.slice(before)) this.#record.add({ kind: "violation", problem });
  }
}
