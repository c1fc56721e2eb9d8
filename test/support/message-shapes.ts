import { type FieldRule, type MessageRule, SENT_MESSAGES } from "../wire/sent-messages.ts";
import { isRecord } from "./json-record.ts";

/** A frame as the stand-in understood it. */
export interface CheckedFrame {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Empty if they could not be read. */
  readonly taskId: string;
  readonly executionId: string;
  /** Every way in which the frame is not exactly what section 4 of the contract says. */
  readonly problems: readonly string[];
}

/** Checks a frame of the worker: key for key, type for type, the fixed texts included. */
export function checkClientFrame(frame: string | Uint8Array, workerId: string): CheckedFrame {
  const unreadable = (problem: string): CheckedFrame => ({
    ...{ type: "", data: {}, taskId: "", executionId: "" },
    problems: [problem],
  });
  if (typeof frame !== "string") return unreadable("a binary frame");
  let parsed: unknown;
  try {
    parsed = JSON.parse(frame);
  } catch {
    return unreadable(`not JSON: ${frame.slice(0, 80)}`);
  }
  if (!isRecord(parsed) || typeof parsed.type !== "string" || !isRecord(parsed.data)) {
    return unreadable(`no {type, data}: ${frame.slice(0, 80)}`);
  }
  const { type, data } = parsed;
  const taskId = textOf(data.task_id);
  const problems = Object.keys(parsed)
    .filter((key) => key !== "type" && key !== "data")
    .map((key) => `${type}: unexpected key ${key} beside type and data`);
  const rules = Object.hasOwn(SENT_MESSAGES, type) ? (SENT_MESSAGES[type] ?? []) : [];
  if (rules.length === 0) problems.push(`unknown type ${type}`);
  // Of several forms the one that fits best tells what is wrong.
  const [best = []] = rules.map((rule) => breaches(rule, data, workerId)).sort((a, b) => a.length - b.length);
  problems.push(...best.map((breach) => `${type} ${taskId}: ${breach}`), ...ofOutcome(type, taskId, data));
  return { type, data, taskId, executionId: textOf(data.execution_id), problems };
}

function breaches(rule: MessageRule, data: Readonly<Record<string, unknown>>, workerId: string): string[] {
  const known = new Map([...Object.entries(rule.required), ...Object.entries(rule.optional ?? {})]);
  const found: string[] = [];
  for (const key of Object.keys(rule.required)) if (!(key in data)) found.push(`bad ${key}: undefined`);
  for (const [key, value] of Object.entries(data)) {
    const field = known.get(key);
    if (field === undefined) found.push(`unexpected key ${key}`);
    else if (!fits(field, value, workerId)) found.push(`bad ${key}: ${JSON.stringify(value)}`);
  }
  return found;
}

function fits(rule: FieldRule, value: unknown, workerId: string): boolean {
  switch (rule.holds) {
    case "text":
      return typeof value === "string" && value !== "";
    case "the worker's id":
      return value === workerId;
    case "an exit code":
      return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 255;
    case "one of":
      return rule.values.some((one) => one === value);
    case "words behind":
      return typeof value === "string" && value.startsWith(rule.prefix) && value.length > rule.prefix.length;
  }
}

/** Section 9: some reasons go with an exit code. */
function ofOutcome(type: string, taskId: string, data: Readonly<Record<string, unknown>>): string[] {
  if (type !== "task_failed") return [];
  const { failure_reason: reason, exit_code: code } = data;
  const isWrong = (reason === "container_exit" && code === undefined) || (reason === "container_oom" && code !== 137);
  return isWrong ? [`${type} ${taskId}: bad exit_code ${JSON.stringify(code)} for ${String(reason)}`] : [];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
