import { executionKey } from "../../../src/task/execution.ts";
import type { SimRun } from "../engine/sim-objects.ts";

/** A terminal message as Oz has read it. */
export interface ReadTerminal {
  readonly pid: number;
  readonly link: number;
  /** Which of its link's frames it was. */
  readonly frame: number;
  readonly text: string;
  /** When the worker that sent it came to know that it was read. */
  confirmedMs: number;
}

/** All that the judge knows of one execution. */
export interface Book {
  readonly taskId: string;
  readonly executionId: string;
  /** Workers, by pid, that it was sent to and that have not answered. */
  readonly unanswered: Set<number>;
  /** Its end had not been read when it was handed out to somebody else: he may take it up anew. */
  mayRunAgain: boolean;
  claims: number;
  /** Claims that no assignment had asked for: of those who take over. */
  unasked: number;
  /** Of the time that Oz made it run last. */
  terminals: ReadTerminal[];
  /** Runs of its containers' processes, likewise. */
  runs: SimRun[];
  /** Of all times. */
  readonly allRuns: SimRun[];
}

/** The books of all executions. */
export class Books {
  readonly #books = new Map<string, Book>();

  of(taskId: string, executionId: string): Book {
    const key = executionKey({ taskId, executionId });
    let book = this.#books.get(key);
    if (book === undefined) {
      book = {
        taskId,
        executionId,
        unanswered: new Set(),
        mayRunAgain: false,
        claims: 0,
        unasked: 0,
        terminals: [],
        runs: [],
        allRuns: [],
      };
      this.#books.set(key, book);
    }
    return book;
  }

  ofTask(taskId: string): readonly Book[] {
    return [...this.#books.values()].filter((book) => book.taskId === taskId);
  }

  all(): readonly Book[] {
    return [...this.#books.values()];
  }
}
