import type { Wire, WireEvents } from "../../../src/control-plane/wire.ts";
import type { Clock } from "../../../src/support/clock.ts";
import type { Random } from "../../chaos/random.ts";
import type { SimProcess } from "../world/sim-process.ts";

/** What Oz hears of one connection. */
export interface OzSide {
  /** `sentMs` is when the worker let it go. */
  frame(text: string, sentMs: number): void;
  ping(payload: string): void;
  closed(): void;
}

const LATENCY_MS = 20;
/** Keeps what is sent one after the other in order. */
const STEP_MS = 0.001;

/** One direction of a connection: in order, with latency, and still while the network is frozen. */
class Lane {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #held: (() => void)[] = [];
  #last = 0;
  #isFrozen = false;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  carry(action: () => void): void {
    const now = this.#clock.now();
    this.#last = Math.max(now + LATENCY_MS * (0.5 + this.#random.next()), this.#last + STEP_MS);
    this.#clock.after(this.#last - now, () => {
      if (this.#isFrozen) this.#held.push(action);
      else action();
    });
  }

  freeze(): void {
    this.#isFrozen = true;
  }

  thaw(): void {
    this.#isFrozen = false;
    for (const action of this.#held.splice(0)) action();
  }
}

/** A WebSocket between a worker's process and Oz. */
export class OzWire {
  readonly #clock: Clock;
  readonly #toOz: Lane;
  readonly #toWorker: Lane;
  #isOpenHere = true;
  #isOpenThere = true;

  constructor(
    readonly number: number,
    readonly process: SimProcess,
    readonly events: WireEvents,
    readonly oz: OzSide,
    clock: Clock,
    random: Random,
  ) {
    this.#clock = clock;
    this.#toOz = new Lane(clock, random);
    this.#toWorker = new Lane(clock, random);
    process.onEnd(() => this.#leave());
  }

  /** Whether Oz takes it for open. */
  get isOpen(): boolean {
    return this.#isOpenThere;
  }

  /** Has the worker take something in, unless it has hung up. `taken` is called when it has. */
  toWorker(act: (events: WireEvents) => void, taken?: () => void): void {
    this.#toWorker.carry(() =>
      this.process.deliver(() => {
        if (!this.#isOpenHere) return;
        act(this.events);
        taken?.();
      }),
    );
  }

  /** The connection breaks for both at once. */
  cut(): void {
    this.#closedThere();
    this.process.deliver(() => {
      if (!this.#isOpenHere) return;
      this.#isOpenHere = false;
      this.events.ended({ kind: "closed", code: 1006, reason: "" });
    });
  }

  freeze(): void {
    this.#toOz.freeze();
    this.#toWorker.freeze();
  }

  thaw(): void {
    this.#toOz.thaw();
    this.#toWorker.thaw();
  }

  /** The worker's end of it. `leaving` is asked before each frame, and its answer called behind it: both may be the worker's end. */
  wire(leaving: (what: string) => () => void): Wire {
    const carry = (what: string, action: () => void) => {
      if (!this.#isOpenHere) return;
      const left = leaving(what);
      if (!this.#isOpenHere) return;
      this.#carryToOz(action);
      left();
    };
    return {
      send: (text) => {
        const sentMs = this.#clock.now();
        carry(text, () => this.oz.frame(text, sentMs));
      },
      ping: (payload) => carry("ping", () => this.oz.ping(payload)),
      bufferedBytes: () => 0,
      close: (code) => {
        if (!this.#isOpenHere) return;
        this.#carryToOz(() => {
          this.#closedThere();
          this.toWorker((events) => {
            this.#isOpenHere = false;
            events.ended({ kind: "closed", code, reason: "" });
          });
        });
      },
      terminate: () => this.#leave(),
    };
  }

  #carryToOz(action: () => void): void {
    this.#toOz.carry(() => {
      if (this.#isOpenThere) action();
    });
  }

  #leave(): void {
    if (!this.#isOpenHere) return;
    this.#isOpenHere = false;
    this.#carryToOz(() => this.#closedThere());
  }

  #closedThere(): void {
    if (!this.#isOpenThere) return;
    this.#isOpenThere = false;
    this.oz.closed();
  }
}
