import { parseWorkerId, WORKER_ID_TAKES } from "../config/setting-values.ts";
import type { DoneAnswer } from "../operator/actions.ts";
import { type AskedWorkers, askWorkers } from "../operator/ask-workers.ts";
import type { FoundWorker } from "../operator/find-workers.ts";
import type { Question } from "../operator/question.ts";
import { TASKS } from "../operator/tasks.ts";
import { escapeUnprintable, quoted } from "../support/printable.ts";
import { type ExitCode, refuse, type Surroundings } from "./command.ts";
import type { Flag, FlagValues } from "./flag.ts";

/** Which workers of this machine are meant. */
export const SELECTION = {
  "worker-id": {
    type: "string",
    valueHint: "ID",
    takes: WORKER_ID_TAKES,
    description: "only the workers with this id",
  },
  pid: { type: "string", valueHint: "PID", takes: "a process id", description: "only the worker of this process" },
} as const satisfies Record<string, Flag>;

export const JSON_FLAG = {
  type: "boolean",
  description: "print JSON, whose fields stay as they are",
} as const satisfies Flag;

/** What every command that asks says of its exit code. */
export const ASKING_EXIT_CODES = [
  [0, "asked and answered"],
  [1, "no such worker here, or it does not answer; one line on stderr says why"],
  [2, "bad flags"],
] as const;

export interface Selection {
  readonly workerId: string | undefined;
  readonly pid: number | undefined;
}

/** Reads the flags of `SELECTION`; a problem is one line about them. */
export function selectionOf(values: FlagValues): Selection | { readonly problem: string } {
  const written = values["worker-id"]?.at(-1);
  const id = written === undefined ? undefined : parseWorkerId(written);
  if (id?.ok === false) return { problem: `--worker-id: ${id.problem}` };
  const pid = values.pid?.at(-1);
  if (pid !== undefined && !/^[1-9]\d{0,9}$/.test(pid)) return { problem: "--pid: takes a process id" };
  return { workerId: id?.value, pid: pid === undefined ? undefined : Number(pid) };
}

/** One worker, and what it said. */
export interface Answered<Answer> {
  readonly worker: FoundWorker;
  readonly workerId: string;
  readonly answer: Answer;
}

/** What came of a question: who answered, and a line for each who did not. */
export interface Round<Answer> {
  readonly answered: readonly Answered<Answer>[];
  readonly trouble: readonly string[];
}

/** Asks the workers that are meant. Never rejects. */
export async function askRound<Input, Answer>(
  question: Question<Input, Answer>,
  input: Input,
  selection: Selection,
  around: Surroundings,
): Promise<Round<Answer>> {
  const asked = await askWorkers(question, input, { ...selection, dockerSocket: around.dockerSocket() });
  return roundOf(asked, selection);
}

function roundOf<Answer>(asked: AskedWorkers<Answer>, { workerId, pid }: Selection): Round<Answer> {
  if (asked.kind === "blind")
    return { answered: [], trouble: ["/proc/net/unix cannot be read: this needs Linux with /proc mounted"] };
  const answered: Answered<Answer>[] = [];
  const trouble: string[] = [];
  for (const { worker, said } of asked.said) {
    if (said.kind === "answer") answered.push({ worker, workerId: said.workerId, answer: said.answer });
    else trouble.push(`the worker with pid ${worker.pid} ${said.reason}`);
  }
  if (asked.left > 0) trouble.push(`${asked.left} more workers were not asked`);
  if (answered.length === 0 && trouble.length === 0) {
    const which = [
      workerId === undefined ? "" : ` with the id ${quoted(workerId)}`,
      pid === undefined ? "" : ` with pid ${pid}`,
    ];
    const others = asked.strangers.length;
    const hint = others === 0 ? "" : `; ${others} of another user: ask as that user or root`;
    trouble.push(`no worker${which.join("")} runs here${hint}`);
  }
  return { answered, trouble };
}

/** Says on stderr who did not answer; exit code 1 where there is such a one. */
export function tellTrouble(trouble: readonly string[], around: Surroundings): ExitCode {
  for (const line of trouble) around.stderr(`${escapeUnprintable(line)}\n`);
  return trouble.length === 0 ? 0 : 1;
}

/** How a worker is called in a line about it. */
export function nameOf({ workerId, worker }: Pick<Answered<unknown>, "workerId" | "worker">): string {
  return `${escapeUnprintable(workerId)} (pid ${worker.pid})`;
}

/** Has workers do something as `act` does; the exit code alone. */
export async function request<Input>(
  question: Question<Input, DoneAnswer>,
  input: Input,
  values: FlagValues,
  around: Surroundings,
): Promise<ExitCode> {
  return (await act(question, input, values, around)).code;
}

/**
 * Has the workers that are meant do something, and says what came of it; `pids` are those that do it. Without a word about which, there must be one alone:
 * nobody means two by accident.
 */
export async function act<Input>(
  question: Question<Input, DoneAnswer>,
  input: Input,
  values: FlagValues,
  around: Surroundings,
): Promise<{ readonly code: ExitCode; readonly pids: readonly number[] }> {
  const selection = selectionOf(values);
  if ("problem" in selection) return { code: refuse([selection.problem], around), pids: [] };
  let meant = selection;
  if (selection.workerId === undefined && selection.pid === undefined) {
    const there = await askRound(TASKS, {}, selection, around);
    const [only] = there.answered;
    // One that hangs is one as well.
    if (there.answered.length + there.trouble.length > 1) {
      const line = "there is more than one worker here; say which with --worker-id or --pid";
      return { code: refuse([...there.answered.map(nameOf), ...there.trouble, line], around), pids: [] };
    }
    if (only === undefined) return { code: tellTrouble(there.trouble, around), pids: [] };
    meant = { workerId: only.workerId, pid: only.worker.pid };
  }
  const { answered, trouble } = await askRound(question, input, meant, around);
  const refusals: string[] = [];
  for (const one of answered) {
    const lines = one.answer.said.map((said) => `${nameOf(one)} ${escapeUnprintable(said)}`);
    if (one.answer.done) around.stdout(lines.map((line) => `${line}\n`).join(""));
    else refusals.push(...lines);
  }
  const pids = answered.flatMap(({ worker, answer: { done } }) => (done ? [worker.pid] : []));
  return { code: tellTrouble([...refusals, ...trouble], around), pids };
}
