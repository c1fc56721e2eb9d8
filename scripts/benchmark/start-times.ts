import { type ClientRequest, request } from "node:http";
import * as v from "valibot";
import { onJsonLine } from "../../src/docker/engine/json-lines.ts";
import { LABELS } from "../../src/docker/records/labels.ts";

const StartEvent = v.object({
  timeNano: v.number(),
  Actor: v.object({ ID: v.string(), Attributes: v.record(v.string(), v.string()) }),
});

/** When containers were started, as the engine says: both sides of a comparison are taken by the same clock. */
export class StartTimes implements Disposable {
  readonly #request: ClientRequest;
  /** Milliseconds since 1970, by container id and by task id. */
  readonly #startedAt = new Map<string, number>();

  private constructor(stream: ClientRequest) {
    this.#request = stream;
  }

  /** Resolves once no start can be missed any more. */
  static async watch(socketPath: string): Promise<StartTimes> {
    const filters = encodeURIComponent(JSON.stringify({ type: ["container"], event: ["start"] }));
    const stream = request({ socketPath, path: `/v1.41/events?filters=${filters}` });
    const times = new StartTimes(stream);
    await new Promise<void>((resolve, reject) => {
      stream.on("error", reject);
      stream.on("response", (answer) => {
        answer.on("error", () => {});
        onJsonLine(answer, (event) => times.#take(event));
        resolve();
      });
      stream.end();
    });
    return times;
  }

  /** Milliseconds from `from`, in milliseconds since 1970, to the start of a container or of a task's container. */
  since(from: number, id: string): number {
    const at = this.#startedAt.get(id);
    if (at === undefined) throw new Error(`the engine has not told of the start of ${id}`);
    return at - from;
  }

  [Symbol.dispose](): void {
    this.#request.destroy();
  }

  #take(event: unknown): void {
    const started = v.safeParse(StartEvent, event);
    if (!started.success) return;
    const { timeNano, Actor } = started.output;
    for (const id of [Actor.ID, Actor.Attributes[LABELS.taskId]]) {
      if (id !== undefined) this.#startedAt.set(id, timeNano / 1e6);
    }
  }
}
