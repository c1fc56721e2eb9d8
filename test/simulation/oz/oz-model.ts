import type { DialRequest, Wire, WireEvents } from "../../../src/control-plane/wire.ts";
import type { Clock } from "../../../src/support/clock.ts";
import type { Random } from "../../chaos/random.ts";
import { type CheckedFrame, checkClientFrame } from "../../support/message-shapes.ts";
import type { Effects } from "../world/effects.ts";
import type { SimProcess } from "../world/sim-process.ts";
import { dialled } from "./dialled.ts";
import { HandedOut, type OzExecution } from "./handed-out.ts";
import { OzWire } from "./oz-wire.ts";

/** Told of what passes between Oz and the workers. */
export interface OzObserver {
  assigned(execution: OzExecution, link: OzWire): void;
  /** The frame was the `number`th of its link, and let go at `sentMs`. */
  received(frame: CheckedFrame, text: string, link: OzWire, number: number, sentMs: number): void;
  /** The worker has read a pong behind so many frames of the link. */
  confirmed(link: OzWire, frames: number): void;
  note(line: string): void;
}

export interface OzSettings {
  readonly clock: Clock;
  readonly random: Random;
  readonly workerId: string;
  readonly effects: Effects;
  readonly observer: OzObserver;
}

const UNANSWERED_MS = 20_000;
const REJECTED_AGAIN_MS = 2_000;
const CANCEL_AGAIN_MS = 10_000;
const SILENCE_LIMIT_MS = 90_000;
const HANDSHAKE_MS = 30;

/** An Oz at the level of frames: it hands out work, again where that is due, and answers pings in order. */
export class OzModel {
  readonly executions = new HandedOut();
  /** What becomes of a dial. */
  mood: "accepts" | "refuses" | "hangs" = "accepts";
  readonly #settings: OzSettings;
  readonly #links = new Set<OzWire>();
  readonly #cancelling = new Set<OzExecution>();
  #opened = 0;
  #turn = 0;
  #isFrozen = false;

  constructor(settings: OzSettings) {
    this.#settings = settings;
  }

  /** The links that Oz takes for open. */
  get links(): readonly OzWire[] {
    return [...this.#links];
  }

  /** Takes the place of the real dial, for one process. */
  dialOf(process: SimProcess): (request: DialRequest, events: WireEvents) => Wire {
    const { clock, random, effects } = this.#settings;
    return ({ handshakeLimitMs }, events) =>
      dialled({
        process,
        events,
        clock,
        effects,
        limitMs: handshakeLimitMs,
        handshakeMs: HANDSHAKE_MS * (0.5 + random.next()),
        answer: () =>
          this.#isFrozen || this.mood === "hangs"
            ? "none"
            : this.mood === "refuses"
              ? "refused"
              : this.#accept(process, events),
      });
  }

  /** A run of Oz's begins, and is handed out as soon as somebody is there. */
  begin(execution: OzExecution): void {
    execution.state = "queued";
    this.#handOut();
  }

  cancel(execution: OzExecution): void {
    if (execution.state === "done" || execution.state === "withdrawn") return;
    execution.isCancelled = true;
    if (execution.state === "queued" || execution.state === "to-come") {
      execution.state = "withdrawn";
      return;
    }
    const { task_id, execution_id } = execution.data;
    const frame = JSON.stringify({ type: "task_cancellation", data: { task_id, execution_id } });
    for (const link of this.#links) {
      this.#settings.observer.note(`Oz > ${link.number} cancel ${task_id}`);
      link.toWorker((events) => events.frame(frame));
    }
    if (this.#cancelling.has(execution)) return;
    this.#cancelling.add(execution);
    this.#settings.clock.after(CANCEL_AGAIN_MS, () => {
      this.#cancelling.delete(execution);
      this.cancel(execution);
    });
  }

  /** Hands out again what was handed out, though nobody has failed to answer. */
  redeliver(execution: OzExecution): void {
    if (execution.state === "sent" || execution.state === "claimed") this.#send(execution);
  }

  /** Breaks the links, of one process or of all. */
  cut(process?: SimProcess): void {
    for (const link of this.links) if (process === undefined || link.process === process) link.cut();
  }

  /** Nothing passes any more, either way, and nobody is told. */
  freeze(): void {
    this.#isFrozen = true;
    for (const link of this.#links) link.freeze();
  }

  thaw(): void {
    this.#isFrozen = false;
    for (const link of this.#links) link.thaw();
  }

  #accept(process: SimProcess, events: WireEvents): OzWire {
    const { clock, random, observer } = this.#settings;
    this.#opened += 1;
    const number = this.#opened;
    let frames = 0;
    let heardAt = clock.now();
    const hear = () => {
      heardAt = clock.now();
    };
    const link = new OzWire(
      number,
      process,
      events,
      {
        frame: (text, sentMs) => {
          hear();
          frames += 1;
          this.#receive(link, text, frames, sentMs);
        },
        ping: (payload) => {
          hear();
          const read = frames;
          link.toWorker(
            (own) => own.pong(payload),
            () => observer.confirmed(link, read),
          );
        },
        closed: () => this.#closed(link),
      },
      clock,
      random,
    );
    this.#links.add(link);
    observer.note(`Oz: link ${number} of ${process.pid} opened`);
    const watch = () => {
      if (!link.isOpen) return;
      if (clock.now() - heardAt >= SILENCE_LIMIT_MS) link.cut();
      else clock.after(SILENCE_LIMIT_MS, watch);
    };
    clock.after(SILENCE_LIMIT_MS, watch);
    this.#handOut();
    for (const execution of this.executions.all()) if (execution.isCancelled) this.cancel(execution);
    return link;
  }

  #closed(link: OzWire): void {
    this.#links.delete(link);
    this.#settings.observer.note(`Oz: link ${link.number} closed`);
    for (const execution of this.executions.unfinished()) {
      if (execution.link !== link.number) continue;
      if (execution.state === "sent" || (execution.state === "claimed" && execution.isRedelivered)) {
        execution.state = "queued";
      }
    }
    this.#handOut();
  }

  #handOut(): void {
    for (const execution of this.executions.all()) if (execution.state === "queued") this.#send(execution);
  }

  #send(execution: OzExecution): void {
    const links = this.links;
    const link = links[this.#turn++ % Math.max(1, links.length)];
    if (link === undefined) return;
    const { clock, observer } = this.#settings;
    if (execution.state !== "claimed") execution.state = "sent";
    execution.link = link.number;
    observer.assigned(execution, link);
    const frame = JSON.stringify({ type: "task_assignment", data: execution.data });
    link.toWorker((events) => events.frame(frame));
    clock.after(UNANSWERED_MS, () => {
      if (execution.state === "sent" && execution.link === link.number) this.#send(execution);
    });
  }

  #receive(link: OzWire, text: string, number: number, sentMs: number): void {
    const { workerId, observer, clock } = this.#settings;
    const frame = checkClientFrame(text, workerId);
    observer.received(frame, text, link, number, sentMs);
    if (frame.type === "task_rejected") {
      const execution = this.executions.ofTask(frame.taskId)[0];
      if (execution?.state !== "sent") return;
      execution.state = execution.isCancelled ? "withdrawn" : "to-come";
      clock.after(REJECTED_AGAIN_MS, () => {
        if (execution.state === "to-come") this.begin(execution);
      });
      return;
    }
    const execution = this.executions.get(frame.taskId, frame.executionId);
    if (execution === undefined) return;
    if (frame.type === "task_claimed") {
      execution.link = link.number;
      if (execution.state !== "done") execution.state = "claimed";
      if (execution.isCancelled) this.cancel(execution);
    } else if (frame.type === "task_completed" || frame.type === "task_failed") {
      execution.state = "done";
    }
  }
}
