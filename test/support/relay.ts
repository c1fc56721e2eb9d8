import { connect, createServer, type Server, type Socket } from "node:net";

export type Direction = "to-server" | "to-client";

interface Lane {
  readonly direction: Direction;
  readonly from: Socket;
  readonly to: Socket;
  readonly held: { readonly due: number; readonly chunk: Buffer | "end" }[];
  /** Called once nothing is held back any more. */
  onEmpty?: () => void;
}

/** A TCP relay in front of a server, on a port of its own, that behaves as badly as a test asks. */
export class Relay {
  readonly #target: { readonly host: string; readonly port: number };
  readonly #sockets = new Set<Socket>();
  readonly #lanes = new Set<Lane>();
  readonly #frozen = new Set<Direction>();
  readonly #delays: Record<Direction, number> = { "to-server": 0, "to-client": 0 };
  #server: Server | undefined;
  #port = 0;
  #accepted = 0;

  private constructor(target: { readonly host: string; readonly port: number }) {
    this.#target = target;
  }

  static async start(target: { readonly port: number; readonly host?: string }): Promise<Relay> {
    const relay = new Relay({ host: target.host ?? "127.0.0.1", port: target.port });
    await relay.listen();
    return relay;
  }

  get port(): number {
    return this.#port;
  }

  /** How many connections were ever accepted. */
  get accepted(): number {
    return this.#accepted;
  }

  /** How many client connections are open. */
  get open(): number {
    return [...this.#lanes].filter((lane) => lane.direction === "to-server").length;
  }

  /** The same URL, by way of this relay. */
  through(url: string): string {
    const changed = new URL(url);
    changed.host = `127.0.0.1:${this.#port}`;
    return changed.toString();
  }

  /** Destroys both sides of every connection; what was held back is lost. */
  cut(): void {
    for (const lane of this.#lanes) {
      lane.held.length = 0;
    }
    for (const socket of this.#sockets) {
      socket.destroy();
    }
  }

  /** Forwards nothing (that way); sockets stay open, new connections too. */
  freeze(...directions: Direction[]): void {
    for (const direction of directions.length > 0 ? directions : (["to-server", "to-client"] as const)) {
      this.#frozen.add(direction);
    }
    for (const lane of this.#lanes) {
      if (this.#frozen.has(lane.direction)) {
        lane.from.pause();
      }
    }
  }

  /** Forwards again, what was held back first. */
  thaw(): void {
    this.#frozen.clear();
    for (const lane of this.#lanes) {
      this.#pump(lane);
      lane.from.resume();
    }
  }

  /** Holds every chunk that comes from now on back for `ms`, each way or one way; 0 ends it. */
  delay(ms: number, ...directions: Direction[]): void {
    for (const direction of directions.length > 0 ? directions : (["to-server", "to-client"] as const)) {
      this.#delays[direction] = ms;
    }
  }

  /** Refuses new connections as a port does that nobody listens on; open ones stay. */
  refuse(): void {
    this.#server?.close();
    this.#server = undefined;
  }

  /** Listens (again), on the same port as before. */
  listen(): Promise<void> {
    const server = createServer((client) => this.#join(client));
    this.#server = server;
    return new Promise((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.#port, "127.0.0.1", () => {
        const address = server.address();
        if (address !== null && typeof address === "object") this.#port = address.port;
        resolve();
      });
    });
  }

  stop(): void {
    this.refuse();
    this.cut();
  }

  #join(client: Socket): void {
    this.#accepted += 1;
    const server = connect(this.#target.port, this.#target.host);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on("error", () => socket.destroy());
      this.#sockets.add(socket);
    }
    const lanes = [this.#lane("to-server", client, server), this.#lane("to-client", server, client)] as const;
    const end = () => {
      for (const socket of [client, server]) {
        socket.destroy();
        this.#sockets.delete(socket);
      }
      for (const lane of lanes) {
        this.#lanes.delete(lane);
      }
    };
    // What one side said before it closed still reaches the other, in its time.
    const closed = (lane: Lane) => {
      if (lane.held.length === 0 || this.#frozen.has(lane.direction)) end();
      else lane.onEmpty = () => lane.to.end(end);
    };
    client.on("close", () => closed(lanes[0]));
    server.on("close", () => closed(lanes[1]));
  }

  #lane(direction: Direction, from: Socket, to: Socket): Lane {
    const lane: Lane = { direction, from, to, held: [] };
    this.#lanes.add(lane);
    const hold = (chunk: Buffer | "end") => {
      lane.held.push({ due: performance.now() + this.#delays[direction], chunk });
      this.#pump(lane);
    };
    from.on("data", hold);
    from.on("end", () => hold("end"));
    if (this.#frozen.has(direction)) {
      from.pause();
    }
    return lane;
  }

  #pump(lane: Lane): void {
    for (let next = lane.held[0]; next !== undefined && !this.#frozen.has(lane.direction); next = lane.held[0]) {
      const wait = next.due - performance.now();
      if (wait > 0) {
        setTimeout(() => this.#lanes.has(lane) && this.#pump(lane), wait);
        return;
      }
      lane.held.shift();
      if (next.chunk === "end") {
        lane.to.end();
      } else {
        lane.to.write(next.chunk);
      }
    }
    if (lane.held.length === 0) lane.onEmpty?.();
  }
}
