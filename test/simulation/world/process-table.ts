import type { Owner, ProcessTable } from "../../../src/host/owner.ts";
import type { Clock } from "../../../src/support/clock.ts";
import { SimProcess } from "./sim-process.ts";

const BOOT = "00000000-0000-4000-8000-000000000001";
const NAMESPACE = "pid:[4026531836]";
const FIRST_PID = 100;

/** The processes of one host and one boot; of one pid namespace, unless each has one of its own. */
export class SimProcessTable implements ProcessTable {
  readonly #clock: Clock;
  readonly #hasNamespaces: boolean;
  readonly #processes = new Map<number, SimProcess>();
  #next = FIRST_PID;

  constructor(clock: Clock, hasNamespaces = false) {
    this.#clock = clock;
    this.#hasNamespaces = hasNamespaces;
  }

  spawn(): SimProcess {
    const pid = this.#next++;
    const process = new SimProcess(pid, String(Math.floor(this.#clock.now() / 10) + 1_000), this.#clock);
    this.#processes.set(pid, process);
    return process;
  }

  ownerOf(process: SimProcess): Owner {
    return {
      pid: process.pid,
      start: process.start,
      boot: BOOT,
      pidNamespace: this.#hasNamespaces ? `pid:[${process.pid}]` : NAMESPACE,
      host: "simulated",
      machine: "m",
    };
  }

  get(pid: number): SimProcess | undefined {
    return this.#processes.get(pid);
  }

  /** Whether the process that an owner label names is there. */
  lives(owner: Owner): boolean {
    return this.#processes.get(owner.pid)?.isAlive === true;
  }

  read = (path: string): string | undefined => {
    const pid = Number(/^\/proc\/(\d+)\/stat$/.exec(path)?.[1] ?? Number.NaN);
    const process = this.#processes.get(pid);
    if (process?.isAlive !== true) return undefined;
    // proc(5): the start is field 22, and the state field 3.
    return `${pid} (worker) S ${"0 ".repeat(18)}${process.start} 0`;
  };

  exists = (pid: number): boolean => this.#processes.get(pid)?.isAlive === true;
}
