import * as v from "valibot";
import { escapeUnprintable, quoted } from "../support/printable.ts";
import type { Execution } from "./execution.ts";
import { isNestedAtMost } from "./json-text.ts";
import { TaskAssignment } from "./task-assignment.ts";
import { usableId } from "./wire-id.ts";
import { isObject } from "./wire-schema.ts";
import { withSourceText } from "./with-source-text.ts";

/** Problems that one message names; more would not help whoever mends the sender. */
const MAX_PROBLEMS = 3;
/** Deeper than any configuration, and far from what parsing could not bear. */
const MAX_NESTING = 256;

/** Everything that a frame from Oz can mean to the worker. No frame is an exception. */
export type ServerMessage =
  | AssignmentMessage
  /** Without an `executionId` every execution of the task is meant. */
  | { readonly type: "task_cancellation"; readonly taskId: string; readonly executionId?: string }
  /** Nothing to act on. `reason` is fit for a log: it holds no values, only the name of an unknown type. */
  | { readonly type: "skipped"; readonly reason: string };

/**
 * An assignment that has a task id. Of all messages it is the one that takes long to read, and most that are too many need not
 * be: a redelivery and one at capacity are answered by their ids.
 */
export interface AssignmentMessage {
  readonly type: "task_assignment";
  readonly execution: Execution;
  /** Reads what is to run. Never throws. */
  readonly read: () => ReadAssignment;
}

/** What an assignment says; one that cannot be read is claimed and failed. `problem` holds no values. */
export type ReadAssignment =
  | { readonly kind: "assignment"; readonly assignment: TaskAssignment }
  | { readonly kind: "unreadable"; readonly problem: string };

const skipped = (reason: string): ServerMessage => ({ type: "skipped", reason });

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return { value };
  } catch {
    return undefined;
  }
}

/** An own field of an object; undefined for anything else. */
function fieldOf(value: unknown, name: string): unknown {
  return isObject(value) ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined;
}

/** `task.agent_config_snapshot.model_id`, `additional_sidecars[1].image`: names of the contract and positions only. */
function pathOf(issue: v.BaseIssue<unknown>): string {
  let path = "";
  for (const { key } of issue.path ?? []) {
    if (typeof key === "number") path += `[${key}]`;
    else path += `${path === "" ? "" : "."}${escapeUnprintable(String(key))}`;
  }
  return path;
}

function describe(issue: v.BaseIssue<unknown>): string {
  const path = pathOf(issue);
  const missing = path === "task" && (issue.input === undefined || issue.input === null);
  return `${path}: ${missing ? "required" : issue.message}`;
}

function announceAssignment(data: unknown, frame: string): ServerMessage {
  const taskId = usableId(fieldOf(data, "task_id"));
  if (taskId === undefined) return skipped("task_assignment without a usable task_id");
  const executionId = usableId(fieldOf(data, "execution_id")) ?? "";
  return { type: "task_assignment", execution: { taskId, executionId }, read: () => readAssignment(data, frame) };
}

function readAssignment(data: unknown, frame: string): ReadAssignment {
  const parsed = v.safeParse(TaskAssignment, withSourceText(data, frame));
  if (parsed.success) return { kind: "assignment", assignment: parsed.output };

  const problems = parsed.issues.slice(0, MAX_PROBLEMS).map(describe);
  const more = parsed.issues.length - problems.length;
  if (more > 0) problems.push(`and ${more} more`);
  return { kind: "unreadable", problem: problems.join("; ") };
}

function readCancellation(data: unknown): ServerMessage {
  const taskId = usableId(fieldOf(data, "task_id"));
  if (taskId === undefined) return skipped("task_cancellation without a usable task_id");
  const given = fieldOf(data, "execution_id");
  if (given === undefined || given === null || given === "") return { type: "task_cancellation", taskId };
  // One execution was meant, and nobody can say which: to end all of them would be worse.
  const executionId = usableId(given);
  if (executionId === undefined) return skipped("task_cancellation with an execution_id that cannot be used");
  return { type: "task_cancellation", taskId, executionId };
}

/** Reads one frame (spec, section 4). Never throws, whatever the frame holds; unknown fields are ignored. */
export function decodeServerMessage(frame: string | Uint8Array): ServerMessage {
  if (typeof frame !== "string") return skipped(`a binary frame of ${frame.byteLength} bytes`);
  if (!isNestedAtMost(frame, MAX_NESTING)) return skipped(`a frame that is nested more than ${MAX_NESTING} deep`);
  const parsed = parseJson(frame);
  if (parsed === undefined) return skipped(`a frame of ${frame.length} characters that is not JSON`);
  const type = fieldOf(parsed.value, "type");
  const data = fieldOf(parsed.value, "data");
  if (typeof type !== "string") return skipped("a message without a type");

  switch (type) {
    case "task_assignment":
      return announceAssignment(data, frame);
    case "task_cancellation":
      return readCancellation(data);
    default:
      return skipped(`a message of the unknown type ${quoted(type, 60)}`);
  }
}
