import type Docker from "dockerode";
import { LABELS } from "../../src/docker/records/labels.ts";
import { nowMs } from "../support/oz-events.ts";
import type { Disturbances } from "./expectation.ts";

type Note =
  | { readonly kind: "killed" | "stopped" | "daemon-down" | "daemon-killed"; readonly atMs: number }
  | { readonly kind: "removed"; readonly atMs: number; readonly taskId: string };

/** What was done, and when tasks' containers were started: from it follows how a task may have ended. Times as Oz's. */
export class Journal {
  readonly notes: Note[] = [];
  readonly #starts = new Map<string, number>();
  readonly #dies = new Map<string, number>();
  #stream: NodeJS.ReadableStream | undefined;

  note(kind: "killed" | "stopped" | "daemon-down" | "daemon-killed"): void {
    this.notes.push({ kind, atMs: nowMs() });
  }

  /** Takes note of the start of a task's container, in milliseconds as Oz's. */
  started(taskId: string, atMs: number): void {
    this.#starts.set(taskId, atMs);
  }

  removed(taskId: string): void {
    this.notes.push({ kind: "removed", atMs: nowMs(), taskId });
  }

  /** Follows the daemon's events, until the daemon goes away. */
  async follow(docker: Docker): Promise<void> {
    const filters = JSON.stringify({ type: ["container"], event: ["start", "die"], label: [`${LABELS.kind}=task`] });
    const stream = await docker.getEvents({ filters });
    this.#stream = stream;
    let rest = "";
    stream.on("error", () => {});
    stream.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString("utf8")).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line.trim() !== "") this.#read(line);
    });
  }

  stop(): void {
    const stream = this.#stream;
    if (stream !== undefined && "destroy" in stream && typeof stream.destroy === "function") stream.destroy();
  }

  /** What happened to a task between its first assignment, or the claim that made it run once more, and its result. */
  disturbances(taskId: string, fromMs: number, toMs: number): Disturbances {
    const start = this.#starts.get(taskId) ?? Number.POSITIVE_INFINITY;
    const startedAt = start >= fromMs ? start : Number.POSITIVE_INFINITY;
    const diedAt = this.#dies.get(taskId) ?? Number.POSITIVE_INFINITY;
    const between = this.notes.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
    const killed = between.filter(({ kind }) => kind === "daemon-killed");
    return {
      killedBeforeStart: between.some(({ kind, atMs }) => kind === "killed" && atMs <= startedAt),
      workerStopped: between.some(({ kind }) => kind === "stopped"),
      // While the daemon goes down nobody hears its events.
      daemonRestarted: between.some(({ kind, atMs }) => kind === "daemon-down" && atMs <= diedAt + 2_000),
      daemonKilledTwice: killed.length > 1,
      daemonKilledAfterMs: killed.map(({ atMs }) => atMs - startedAt),
      removed: this.notes.some((note) => note.kind === "removed" && note.taskId === taskId),
    };
  }

  /**
   * Whether nobody could know any more how a task had ended that was told as ended: the daemon was killed before it had written
   * the code down, and the worker that had told it was killed before the daemon was back and it could drop the record.
   */
  wasCodeLost(toldMs: number, toldAgainMs: number): boolean {
    const daemon = this.notes.find(({ kind, atMs }) => kind === "daemon-killed" && Math.abs(atMs - toldMs) < 1_000);
    if (daemon === undefined) return false;
    return this.notes.some(({ kind, atMs }) => kind === "killed" && atMs > daemon.atMs && atMs < toldAgainMs);
  }

  #read(line: string): void {
    const event: unknown = JSON.parse(line);
    if (typeof event !== "object" || event === null) return;
    const action: unknown = Reflect.get(event, "Action");
    const actor: unknown = Reflect.get(event, "Actor");
    const attributes: unknown = typeof actor === "object" && actor !== null ? Reflect.get(actor, "Attributes") : null;
    const taskId: unknown =
      typeof attributes === "object" && attributes !== null ? Reflect.get(attributes, LABELS.taskId) : undefined;
    const timeNano: unknown = Reflect.get(event, "timeNano");
    if (typeof taskId !== "string" || typeof timeNano !== "number") return;
    if (action === "start") this.started(taskId, timeNano / 1e6);
    else this.#dies.set(taskId, timeNano / 1e6);
  }
}
