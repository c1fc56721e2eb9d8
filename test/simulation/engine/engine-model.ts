import type { EngineRequest } from "../../../src/docker/engine/engine.ts";
import { containerRoutes } from "./container-calls.ts";
import { ContainerLife } from "./container-life.ts";
import { type Copies, copyRoutes } from "./copy-calls.ts";
import { type EngineSettings, EngineState } from "./engine-state.ts";
import { imageRoutes } from "./image-calls.ts";
import { refusal, type SimAnswer, type SimBody, type SimCall, type SimRoute } from "./sim-calls.ts";
import { EngineStreams } from "./stream-calls.ts";
import { volumeRoutes } from "./volume-calls.ts";

/** The other end of a call: where its answer goes. */
export interface Connection {
  answer(answer: SimAnswer): void;
  stream(): SimBody;
  /** It breaks; `message` is what the caller's system says of it. */
  broken(message: string): void;
}

/** What the caller keeps of a call. */
export interface SentCall {
  /** The caller hangs up. What the engine has begun goes on. */
  hangUp(): void;
}

/** What becomes of the containers that run while the engine goes down. */
export type DownMode = "go-on" | "stop" | "kill";

interface OpenCall {
  readonly connection: Connection;
  readonly gone: (() => void)[];
  isOpen: boolean;
  /** Whether it is answered by a stream, which may stay open for as long as anybody likes. */
  isStreaming: boolean;
}

interface Hold {
  readonly isMeant: (request: EngineRequest) => boolean;
  readonly held: (() => void)[];
}

const NETWORK_MS = 1;
const STOP_GRACE_MS = 10_000;
const UNWRITTEN_MS = 2;
const FIRST_API = 41;

/** A Docker engine at the level of requests. It outlives workers; `goAway` and `comeBack` are its own lives. */
export class EngineModel {
  readonly state: EngineState;
  readonly life: ContainerLife;
  readonly copies: Copies = { copyMs: 300, byEngine: true };
  /** Minor number of the newest API version that it is asked in. */
  newestApi = FIRST_API;
  /** Minor number of the oldest API version that it answers. */
  oldestApi = FIRST_API;
  isAway = false;
  readonly #streams: EngineStreams;
  readonly #routes: readonly SimRoute[];
  readonly #open = new Set<OpenCall>();
  readonly #holds = new Set<Hold>();

  constructor(settings: EngineSettings) {
    this.state = new EngineState(settings);
    this.#streams = new EngineStreams(this.state);
    this.life = new ContainerLife(this.state, this.#streams.emit);
    const copies = copyRoutes(this.state, this.copies);
    this.#routes = [
      ...copies.routes,
      ...containerRoutes(this.state, this.life, copies.copiesInto),
      ...volumeRoutes(this.state),
      ...imageRoutes(this.state),
      ...this.#streams.routes(this.life),
    ];
  }

  /** Whether nobody waits for an answer. */
  get isIdle(): boolean {
    for (const { isStreaming } of this.#open) if (!isStreaming) return false;
    return true;
  }

  /** Takes a call that is under way from a process; its answer goes to the connection. */
  send(request: EngineRequest, pid: number, api: number, connection: Connection): SentCall {
    const open: OpenCall = { connection, gone: [], isOpen: true, isStreaming: false };
    const close = () => {
      if (!open.isOpen) return;
      open.isOpen = false;
      this.#open.delete(open);
      for (const action of open.gone) action();
    };
    const latencyMs = NETWORK_MS * (0.5 + this.state.random.next());
    this.state.clock.after(latencyMs, () => {
      if (this.isAway) {
        connection.broken("connect ECONNREFUSED /var/run/docker.sock");
        return;
      }
      if (open.isOpen) this.#open.add(open);
      this.#unlessHeld(request, () => this.#handle(request, pid, api, open, close));
    });
    return { hangUp: close };
  }

  /** Calls of that kind come in and are not looked at, until the answer is called. */
  hold(isMeant: (request: EngineRequest) => boolean): () => void {
    const hold: Hold = { isMeant, held: [] };
    this.#holds.add(hold);
    return () => {
      this.#holds.delete(hold);
      for (const go of hold.held.splice(0)) go();
    };
  }

  /** The engine ends: connections break, and what it was doing stays as it is. */
  goAway(mode: DownMode = "go-on"): void {
    if (this.isAway) return;
    this.isAway = true;
    this.state.life += 1;
    this.#streams.drop();
    this.life.forgetWaiters();
    for (const hold of this.#holds) hold.held.length = 0;
    for (const open of [...this.#open]) {
      open.isOpen = false;
      open.connection.broken("socket hang up");
    }
    this.#open.clear();
    if (mode === "kill") this.#forgetNewLabels();
    // A name that was taken for a container which never came to be is free again.
    for (const [name, id] of this.state.names) if (!this.state.containers.has(id)) this.state.names.delete(name);
    for (const container of this.state.containers.values()) {
      if (container.status !== "running" || mode === "go-on") continue;
      if (mode === "kill") this.life.kill(container, "engine");
      else this.life.stop(container, STOP_GRACE_MS, "engine", (kill) => this.state.clock.after(STOP_GRACE_MS, kill));
    }
  }

  /** It is there again. `losesLabels`: the first create of each volume that is there is answered without them. */
  comeBack({ losesLabels = false, oldestApi = this.oldestApi } = {}): void {
    this.isAway = false;
    this.oldestApi = oldestApi;
    this.newestApi = Math.max(this.newestApi, oldestApi);
    for (const volume of this.state.volumes.values()) volume.hidesLabels = losesLabels;
  }

  /** The engine keeps labels elsewhere than volumes, and writes them later. */
  #forgetNewLabels(): void {
    const since = this.state.clock.now() - UNWRITTEN_MS;
    for (const volume of this.state.volumes.values()) if (volume.createdMs >= since) volume.labels = {};
  }

  #unlessHeld(request: EngineRequest, go: () => void): void {
    for (const { isMeant, held } of this.#holds) {
      if (isMeant(request)) {
        held.push(go);
        return;
      }
    }
    go();
  }

  #handle(request: EngineRequest, pid: number, api: number, open: OpenCall, close: () => void): void {
    const { connection } = open;
    const call: SimCall = {
      request,
      pid,
      answer(answer) {
        if (!open.isOpen) return;
        close();
        connection.answer(answer);
      },
      stream() {
        open.isStreaming = true;
        const body = connection.stream();
        return {
          push(text) {
            if (open.isOpen) body.push(text);
          },
          end() {
            if (!open.isOpen) return;
            close();
            body.end();
          },
        };
      },
      onGone: (action) => void open.gone.push(action),
    };
    if (api < this.oldestApi) {
      const versions = `client version 1.${api} is too old. Minimum supported API version is 1.${this.oldestApi}`;
      call.answer(refusal(400, `${versions}, please upgrade your client to a newer version`));
      return;
    }
    const path = request.path.includes("%") ? decodeURIComponent(request.path) : request.path;
    for (const [method, pattern, handle] of this.#routes) {
      const match = method === request.method ? pattern.exec(path) : null;
      if (match === null) continue;
      handle(call, ...match.slice(1));
      return;
    }
    throw new Error(`the model of the engine knows no ${request.method} ${request.path}`);
  }
}
