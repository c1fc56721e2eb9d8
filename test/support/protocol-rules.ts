interface Terminal {
  readonly link: number;
  readonly frame: number;
  readonly text: string;
  confirmed: boolean;
}

/** What Oz and the worker said of one execution. */
interface ExecutionBook {
  readonly taskId: string;
  readonly executionId: string;
  deliveries: number;
  claims: number;
  readonly terminals: Terminal[];
}

/** A message of the worker, with the frame of its link that it came in. */
export interface RuledMessage {
  readonly type: string;
  readonly taskId: string;
  readonly executionId: string;
  readonly link: number;
  readonly frame: number;
  readonly text: string;
}

/**
 * The order of messages that Oz may count on: claims and terminal messages name an execution, rejections only a task, so that
 * these are counted against all assignments of that task that nothing has answered.
 */
export class ProtocolRules {
  readonly #books = new Map<string, ExecutionBook[]>();
  readonly #rejections = new Map<string, number>();
  /** Assignments that a link was handed and has not answered, by task and link. */
  readonly #open = new Map<string, number>();
  readonly #violations: string[];

  constructor(violations: string[]) {
    this.#violations = violations;
  }

  /** An assignment was handed to a link; the same execution again is a redelivery. */
  assigned(taskId: string, executionId: string, link?: number): void {
    if (link !== undefined) this.#opened(taskId, link, 1);
    const books = this.#books.get(taskId) ?? [];
    this.#books.set(taskId, books);
    const known = books.find((book) => book.executionId === executionId);
    if (known !== undefined) known.deliveries += 1;
    else books.push({ taskId, executionId, deliveries: 1, claims: 0, terminals: [] });
  }

  received(message: RuledMessage): void {
    const { type, taskId, executionId } = message;
    const books = this.#books.get(taskId) ?? [];
    if (books.length === 0) {
      this.#violations.push(`${type} ${taskId}: this task was never assigned`);
      return;
    }
    const isAsked = (this.#open.get(`${message.link} ${taskId}`) ?? 0) > 0;
    if (isAsked && (type === "task_rejected" || type === "task_claimed")) this.#opened(taskId, message.link, -1);
    if (type === "task_rejected") {
      const rejections = (this.#rejections.get(taskId) ?? 0) + 1;
      // Another worker may claim again, over a new link, what this one was handed.
      if (rejections > unanswered(books) && !isAsked) {
        this.#violations.push(`${taskId}: rejected although no assignment of it was unanswered`);
      } else {
        this.#rejections.set(taskId, rejections);
      }
      return;
    }
    const book = books.find((one) => one.executionId === executionId);
    if (book === undefined) {
      this.#violations.push(`${type} ${taskId}: no assignment has the execution_id ${JSON.stringify(executionId)}`);
    } else if (type === "task_claimed") {
      this.#claimed(book, books);
    } else if (type === "task_completed" || type === "task_failed") {
      this.#ended(book, message);
    }
  }

  /** The worker has provably read an answer that was sent after these frames of the link. */
  confirmed(link: number, frames: number): void {
    for (const { terminals } of this.#all()) {
      for (const terminal of terminals) {
        if (terminal.link === link && terminal.frame <= frames) terminal.confirmed = true;
      }
    }
  }

  /** How many executions of that task have a result that the worker knows to be read. */
  confirmedResults(taskId: string): number {
    const books = this.#books.get(taskId) ?? [];
    return books.filter(({ terminals }) => terminals.some(({ confirmed }) => confirmed)).length;
  }

  #opened(taskId: string, link: number, by: number): void {
    const key = `${link} ${taskId}`;
    this.#open.set(key, (this.#open.get(key) ?? 0) + by);
  }

  #claimed(book: ExecutionBook, books: readonly ExecutionBook[]): void {
    book.claims += 1;
    const rejections = this.#rejections.get(book.taskId) ?? 0;
    if (book.claims === 1 && rejections > unanswered(books)) {
      this.#violations.push(`${book.taskId}: claimed after it was rejected`);
    }
  }

  #ended(book: ExecutionBook, { type, taskId, link, frame, text }: RuledMessage): void {
    const { terminals, deliveries } = book;
    const breach = (what: string) => this.#violations.push(`${type} ${taskId}: ${what}`);
    if (book.claims === 0) breach("a terminal message before any claim");
    if (terminals.some((one) => one.confirmed)) breach("a terminal message after one was confirmed");
    terminals.push({ link, frame, text, confirmed: false });
    const onThisLink = terminals.filter((one) => one.link === link).length;
    if (onThisLink > deliveries) breach(`terminal message ${onThisLink} on one link`);
    // A repetition may say the same again, and nothing else.
    const texts = new Set(terminals.map((one) => one.text)).size;
    if (texts > 1) breach(`${texts} different terminal messages`);
  }

  #all(): readonly ExecutionBook[] {
    return [...this.#books.values()].flat();
  }
}

/** Assignments of a task that no claim has answered. */
function unanswered(books: readonly ExecutionBook[]): number {
  return books.reduce((sum, { deliveries, claims }) => sum + Math.max(0, deliveries - claims), 0);
}
