import { LABELS } from "../../../src/docker/records/labels.ts";
import { isKeptName } from "../../../src/docker/records/object-names.ts";
import { generationOf } from "../../../src/docker/records/standing.ts";
import { decodeOwner, type Owner } from "../../../src/host/owner.ts";
import type { EngineObserver, EngineState } from "../engine/engine-state.ts";
import type { SimContainer, SimVolume } from "../engine/sim-objects.ts";
import type { SimProcessTable } from "../world/process-table.ts";
import type { Books } from "./books.ts";

/** Who acts by hand, and not as a worker. */
export const OPERATOR_PID = 0;

/** Watches what workers have an engine do. */
export class EngineJudge implements EngineObserver {
  readonly #books: Books;
  readonly #processes: SimProcessTable;
  readonly #report: (problem: string) => void;
  #state: EngineState | undefined;

  constructor(books: Books, processes: SimProcessTable, report: (problem: string) => void) {
    this.#books = books;
    this.#processes = processes;
    this.#report = report;
  }

  /** To be called before anything happens. */
  watch(state: EngineState): void {
    this.#state = state;
  }

  created(container: SimContainer): void {
    if (Object.keys(container.labels).length === 0) this.#report(`${container.name} was created without a label`);
  }

  volumeCreated(volume: SimVolume): void {
    if (Object.keys(volume.labels).length === 0) this.#report(`${volume.name} was created without a label`);
  }

  started(container: SimContainer, pid: number): void {
    const { labels } = container;
    const run = container.runs.at(-1);
    if (labels[LABELS.kind] !== "task" || run === undefined) {
      this.#report(`${container.name} was started, and is no task`);
      return;
    }
    const book = this.#books.of(labels[LABELS.taskId] ?? "", labels[LABELS.executionId] ?? "");
    for (const mount of container.mounts) this.#lookAtSidecar(container, mount);
    if (book.runs.length > 0) {
      const stood = this.#processes.get(pid)?.wasSuspended === true ? ", by a worker that had stood still" : "";
      this.#report(`${container.name} was started although its execution had run${stood}`);
    }
    book.runs.push(run);
    book.allRuns.push(run);
  }

  touching(container: SimContainer, what: string, pid: number): void {
    if (pid === OPERATOR_PID || container.labels[LABELS.kind] !== "task" || isKeptName(container.name)) return;
    const attempt = container.labels[LABELS.attempt] ?? "";
    // Without a claim it is over, or was never anything.
    if (!this.#hasClaim(attempt)) return;
    const owner = this.#ownerOf(attempt, container.labels[LABELS.owner]);
    if (this.#isAnothers(owner, pid)) this.#report(`${pid} did ${what} ${container.name}, which ${owner?.pid} has`);
  }

  volumeRemoving(volume: SimVolume, pid: number): void {
    const kind = volume.labels[LABELS.kind];
    if (pid === OPERATOR_PID || (kind !== "claim" && kind !== "verdict" && kind !== "private")) return;
    const attempt = volume.labels[LABELS.attempt] ?? "";
    if (!this.#hasClaim(attempt)) return;
    const owner = this.#ownerOf(attempt, volume.labels[LABELS.owner]);
    if (this.#isAnothers(owner, pid)) this.#report(`${pid} removed ${volume.name}, which ${owner?.pid} has`);
  }

  #lookAtSidecar(container: SimContainer, mount: SimContainer["mounts"][number]): void {
    const state = this.#state;
    if (state === undefined) return;
    if (mount.type === "image") {
      if (container.life !== state.life) this.#report(`${container.name} was started with a mount that is gone`);
      return;
    }
    const content = state.volumes.get(mount.source)?.content;
    if (content?.imageId === undefined || !content.isWhole || content.mark === "link") {
      this.#report(`${container.name} sees a sidecar at ${mount.target} that is not whole: ${JSON.stringify(content)}`);
    }
    const others = state.usersOf(mount.source).filter((one) => one !== container && one.labels[LABELS.kind] === "task");
    if (!mount.readOnly && others.length > 0) this.#report(`${container.name} shares what it may write to`);
  }

  #hasClaim(attempt: string): boolean {
    for (const { labels } of this.#state?.volumes.values() ?? []) {
      if (labels[LABELS.kind] === "claim" && labels[LABELS.attempt] === attempt) return true;
    }
    return false;
  }

  /** The last heir, or whoever made it. */
  #ownerOf(attempt: string, label: string | undefined): Owner | undefined {
    let latest = 0;
    let owner = label;
    for (const { name, labels } of this.#state?.volumes.values() ?? []) {
      const generation = labels[LABELS.attempt] === attempt ? (generationOf(name) ?? 0) : 0;
      if (generation > latest) {
        latest = generation;
        owner = labels[LABELS.owner];
      }
    }
    return decodeOwner(owner);
  }

  #isAnothers(owner: Owner | undefined, pid: number): boolean {
    return owner !== undefined && owner.pid !== pid && this.#processes.lives(owner);
  }
}
