interface Terminal {
  readonly link: number;
  readonly frame: number;
  readonly text: string;
  confirmed: boolean;
}

interface TaskBook {
  deliveries: number;
  readonly executions: Set<string>;
  claims: number;
  rejections: number;
  readonly terminals: Terminal[];
}

/**
 * The order of messages that Oz may count on. Client messages name only the task, so that what is counted is:
 * claims and rejections against assignments handed over, terminal messages against claims and executions.
 */
export class ProtocolRules {
  readonly #books = new Map<string, TaskBook>();
  readonly #violations: string[];

  constructor(violations: string[]) {
    this.#violations = violations;
  }

  /** An assignment was handed to a link; the same execution again is a redelivery. */
  assigned(taskId: string, executionId: string): void {
    const book = this.#books.get(taskId) ?? {
      deliveries: 0,
      executions: new Set(),
      claims: 0,
      rejections: 0,
      terminals: [],
    };
    book.deliveries += 1;
    book.executions.add(executionId);
    this.#books.set(taskId, book);
  }

  /** A message came in; `frame` counts the frames of its link. */
  received(type: string, taskId: string, link: number, frame: number, text: string): void {
    const book = this.#books.get(taskId);
    if (book === undefined) {
      this.#violations.push(`${type} ${taskId}: this task was never assigned`);
      return;
    }
    const open = book.deliveries - book.claims - book.rejections;
    if (type === "task_claimed") {
      if (open > 0) book.claims += 1;
      else if (book.claims === 0) this.#violations.push(`${taskId}: claimed after it was rejected`);
    } else if (type === "task_rejected") {
      if (open > 0) book.rejections += 1;
      else this.#violations.push(`${taskId}: rejected although no assignment of it was unanswered`);
    } else if (type === "task_completed" || type === "task_failed") {
      this.#terminal(book, type, taskId, { link, frame, text, confirmed: false });
    }
  }

  /** The worker has provably read an answer that was sent after these frames of the link. */
  confirmed(link: number, frames: number): void {
    for (const book of this.#books.values()) {
      for (const terminal of book.terminals) {
        if (terminal.link === link && terminal.frame <= frames) terminal.confirmed = true;
      }
    }
  }

  /** How many terminal messages of that task the worker knows to be read. */
  confirmedTerminals(taskId: string): number {
    const book = this.#books.get(taskId);
    return book === undefined ? 0 : confirmedCount(book);
  }

  #terminal(book: TaskBook, type: string, taskId: string, terminal: Terminal): void {
    if (book.claims === 0) this.#violations.push(`${type} ${taskId}: a terminal message before any claim`);
    const due = Math.max(1, Math.min(book.executions.size, book.claims));
    if (confirmedCount(book) >= due) {
      this.#violations.push(`${type} ${taskId}: a terminal message after ${due} of ${due} were confirmed`);
    }
    book.terminals.push(terminal);
    const onThisLink = book.terminals.filter((other) => other.link === terminal.link).length;
    if (onThisLink > book.deliveries) {
      this.#violations.push(`${type} ${taskId}: terminal message ${onThisLink} on one link`);
    }
    // Redeliveries may repeat a message, never change it.
    const texts = new Set(book.terminals.map((other) => other.text)).size;
    if (texts > book.executions.size) {
      this.#violations.push(`${type} ${taskId}: ${texts} different terminal messages`);
    }
  }
}

function confirmedCount(book: TaskBook): number {
  const confirmed = book.terminals.filter((terminal) => terminal.confirmed);
  const redelivered = book.deliveries > book.executions.size;
  return redelivered ? new Set(confirmed.map((terminal) => terminal.text)).size : confirmed.length;
}
