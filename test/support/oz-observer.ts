import type { ClientMessage } from "../../src/protocol/client-message.ts";
import type { OzEvent, Received, SetupEventSeen } from "./oz-events.ts";
import { OzRecord } from "./oz-record.ts";
import { ProtocolRules } from "./protocol-rules.ts";

/** What an Oz has seen of its workers, and ways to wait for more. */
export class OzObserver {
  /** Every breach of the contract, in plain words. */
  readonly violations: string[] = [];
  protected readonly rules = new ProtocolRules(this.violations);
  protected readonly record: OzRecord;
  /** How many of its pongs the worker has provably read. */
  pongsRead = 0;

  constructor(onEvent?: (event: OzEvent) => void) {
    this.record = new OzRecord(onEvent);
  }

  /** Everything that happened, in order. */
  get events(): readonly OzEvent[] {
    return this.record.events;
  }

  /** The worker's messages, in order. */
  get received(): readonly Received[] {
    return this.record.received;
  }

  /** Dials that were refused, with their times. */
  get refusals(): (OzEvent & { kind: "refused" })[] {
    return this.events.filter((event) => event.kind === "refused");
  }

  /** The set-up events of a task that were told so far. */
  setupEvents(taskId: string): readonly SetupEventSeen[] {
    return this.events.flatMap((event) =>
      event.kind === "setup" && event.event.taskId === taskId ? [event.event] : [],
    );
  }

  /** Tells the books of a task that was handed out, and claimed, before this Oz was started. */
  knowAbout(taskId: string, executionId: string): void {
    this.rules.assigned(taskId, executionId);
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
    const check = () => this.rules.confirmedResults(taskId) > 0 || undefined;
    await this.waitFor(`a confirmed result of ${taskId}`, check, timeoutMs);
  }

  /** The types of the messages about that task, in order. */
  typesOf(taskId: string): string[] {
    return this.received.filter((one) => one.taskId === taskId).map((one) => one.type);
  }

  /** Asks `find` again at every event until it answers; the error after `timeoutMs` tells what came instead. */
  waitFor<T>(what: string, find: () => T | undefined, timeoutMs = 10_000): Promise<T> {
    return this.record.waitFor(what, find, timeoutMs);
  }
}
