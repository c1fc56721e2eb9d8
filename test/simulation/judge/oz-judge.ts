import type { CheckedFrame } from "../../support/message-shapes.ts";
import { ProtocolRules } from "../../support/protocol-rules.ts";
import type { OzExecution } from "../oz/handed-out.ts";
import type { OzObserver } from "../oz/oz-model.ts";
import type { OzWire } from "../oz/oz-wire.ts";
import type { Journal } from "../world/journal.ts";
import type { SimProcess } from "../world/sim-process.ts";
import type { Book, Books } from "./books.ts";
import { type Disturbances, verdictProblem } from "./verdict.ts";

export interface OzJudgeOptions {
  readonly books: Books;
  readonly journal: Journal;
  /** What was done to the task of that execution until now. */
  readonly disturbances: (taskId: string, executionId: string) => Disturbances;
  readonly report: (problem: string) => void;
}

/** Judges what Oz is told, message by message. */
export class OzJudge implements OzObserver {
  readonly #options: OzJudgeOptions;
  readonly #breaches: string[] = [];
  readonly #rules = new ProtocolRules(this.#breaches);
  readonly #processes = new Map<number, SimProcess>();

  constructor(options: OzJudgeOptions) {
    this.#options = options;
  }

  note(line: string): void {
    this.#options.journal.note(line);
  }

  assigned({ taskId, executionId }: OzExecution, { number, process }: OzWire): void {
    this.note(`Oz > ${number} assign ${taskId} ${executionId}`);
    this.#rules.assigned(taskId, executionId);
    this.#options.books.of(taskId, executionId).unanswered.add(process.pid);
  }

  received(frame: CheckedFrame, text: string, link: OzWire, number: number, sentMs: number): void {
    this.note(`Oz < ${link.number} ${text}`);
    const { report, books } = this.#options;
    const { type, taskId, executionId } = frame;
    this.#processes.set(link.process.pid, link.process);
    for (const problem of frame.problems) report(problem);
    this.#rules.received({ type, taskId, executionId, link: link.number, frame: number, text });
    const { pid } = link.process;
    const isTakenOver = books.ofTask(taskId).some(({ unasked }) => unasked > 0);
    const isAsked = books.ofTask(taskId).some(({ unanswered }) => unanswered.has(pid));
    for (const breach of this.#breaches.splice(0)) {
      // What names results is judged here: a dead worker's knowledge is nobody's.
      if (/terminal message/.test(breach) && !/before any claim/.test(breach)) continue;
      // Who takes over claims without being asked: that was no answer to the assignment of another worker.
      if (isAsked && /rejected although no assignment/.test(breach)) continue;
      if (!(isTakenOver && /claimed after it was rejected/.test(breach))) report(breach);
    }
    const book = books.of(taskId, executionId);
    if (type === "task_rejected") {
      for (const one of books.ofTask(taskId)) one.unanswered.delete(pid);
    } else if (type === "task_claimed") {
      this.#claimed(book, pid);
    } else if (type === "task_completed" || type === "task_failed") {
      this.#ended(book, frame, text, link, number, sentMs);
    }
  }

  confirmed(link: OzWire, frames: number): void {
    const now = this.#options.journal.now();
    for (const { terminals } of this.#options.books.all()) {
      for (const terminal of terminals) {
        if (terminal.link === link.number && terminal.frame <= frames)
          terminal.confirmedMs = Math.min(now, terminal.confirmedMs);
      }
    }
  }

  #claimed(book: Book, pid: number): void {
    book.claims += 1;
    const wasAsked = book.unanswered.delete(pid);
    if (!wasAsked) book.unasked += 1;
    // Handed out to one worker while the result of another was on its way: if that one has cleared it away, it runs anew.
    if (wasAsked && book.mayRunAgain && book.terminals.length > 0) {
      book.mayRunAgain = false;
      book.terminals = [];
      book.runs = [];
    }
  }

  #ended(book: Book, { type, data }: CheckedFrame, text: string, link: OzWire, number: number, sentMs: number): void {
    const { report, disturbances } = this.#options;
    const { taskId, executionId } = book;
    const { pid } = link.process;
    const about = `${taskId} ${executionId}`;
    const disturbed = disturbances(taskId, executionId);
    const stood = link.process.wasSuspended ? ", by a worker that had stood still" : "";
    for (const before of book.terminals) {
      // What a dead worker knew from a container that somebody has removed nobody knows any more.
      if (before.text !== text && !disturbed.isPruned) report(`two ends of ${about}: ${before.text} and ${text}`);
      // Who knew that it was read, and lives, has had the time to write that down.
      const teller = this.#processes.get(before.pid);
      const goesOn = teller?.isAlive === true && !teller.isSuspended;
      const isKnown = before.confirmedMs < sentMs && goesOn;
      if (isKnown && !book.unanswered.has(pid))
        report(`the end of ${about} was told again behind a confirmed one${stood}`);
    }
    if (book.unanswered.size > 0) book.mayRunAgain = true;
    book.terminals.push({ pid, link: link.number, frame: number, text, confirmedMs: Number.POSITIVE_INFINITY });
    const problem = verdictProblem(type, data, book.allRuns, disturbed);
    if (problem !== undefined) report(`wrong end of ${about}: ${problem}`);
  }
}
