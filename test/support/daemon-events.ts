import { isRecord } from "./json-record.ts";

/** A container that was created. */
export interface CreatedContainer {
  readonly name: string;
  readonly labels: Readonly<Record<string, unknown>>;
}

/** Watches a Docker daemon for containers that are created. */
export class CreationWatch {
  readonly #abort = new AbortController();
  readonly #seen: CreatedContainer[] = [];
  readonly #wakers = new Set<() => void>();

  private constructor() {}

  /** `dockerHost` is `unix://…`. Every container that is created from now on is seen. */
  static async start(dockerHost: string): Promise<CreationWatch> {
    const watch = new CreationWatch();
    const filters = JSON.stringify({ type: ["container"], event: ["create"] });
    // Events since now are replayed: none is missed between the answer and the first read.
    const since = (Date.now() / 1000).toFixed(3);
    const response = await fetch(`http://docker/events?since=${since}&filters=${encodeURIComponent(filters)}`, {
      unix: dockerHost.slice("unix://".length),
      signal: watch.#abort.signal,
    });
    if (response.body === null) throw new Error("the daemon sends no events");
    // Ends with an error when the watch is closed.
    watch.#read(response.body).catch(() => {});
    return watch;
  }

  /** Everything seen so far. */
  get seen(): readonly CreatedContainer[] {
    return this.#seen;
  }

  /** The first container, seen already or to come, that `matches`. */
  async waitFor(matches: (container: CreatedContainer) => boolean, timeoutMs = 30_000): Promise<CreatedContainer> {
    const { promise, resolve, reject } = Promise.withResolvers<CreatedContainer>();
    const limit = setTimeout(() => reject(new Error(`no such container was created in ${timeoutMs} ms`)), timeoutMs);
    const look = () => {
      const found = this.#seen.find(matches);
      if (found !== undefined) resolve(found);
    };
    this.#wakers.add(look);
    look();
    return promise.finally(() => {
      clearTimeout(limit);
      this.#wakers.delete(look);
    });
  }

  close(): void {
    this.#abort.abort();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of body) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#take(line);
    }
  }

  #take(line: string): void {
    const event: unknown = JSON.parse(line);
    const actor = isRecord(event) && isRecord(event.Actor) ? event.Actor : {};
    const labels = isRecord(actor.Attributes) ? actor.Attributes : {};
    this.#seen.push({ name: String(labels.name), labels });
    for (const look of this.#wakers) look();
  }
}
