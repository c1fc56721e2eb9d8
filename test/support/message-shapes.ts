import type { ClientMessage } from "../../src/protocol/client-message.ts";
import { FAILURE_REASONS } from "../../src/protocol/failure-reason.ts";

const COMPLETED = "Task completed successfully";
const CANCELLED = "Task cancelled by user request.";
const FAILED_PREFIX = "Failed to execute task: ";

type Check = (value: unknown, data: Readonly<Record<string, unknown>>) => boolean;
interface Shape {
  readonly required: Readonly<Record<string, Check>>;
  readonly optional?: Readonly<Record<string, Check>>;
}

const text: Check = (value) => typeof value === "string" && value !== "";

function shapes(workerId: string): Readonly<Record<ClientMessage["type"], Shape>> {
  return {
    task_claimed: { required: { task_id: text, worker_id: (value) => value === workerId } },
    task_rejected: { required: { task_id: text, reason: text } },
    task_completed: {
      required: {
        task_id: text,
        message: (value, data) => value === (data.task_state === undefined ? COMPLETED : CANCELLED),
      },
      optional: { task_state: (value) => value === "CANCELLED" },
    },
    task_failed: {
      required: {
        task_id: text,
        message: (value) => typeof value === "string" && value.startsWith(FAILED_PREFIX) && value !== FAILED_PREFIX,
        failure_reason: (value, data) =>
          FAILURE_REASONS.some((reason) => reason === value) &&
          (value !== "container_exit" || data.exit_code !== undefined) &&
          (value !== "container_oom" || data.exit_code === 137),
      },
      optional: { exit_code: (value) => typeof value === "number" && Number.isInteger(value) && value >= 0 },
    },
  };
}

/** An object of JSON. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A frame as the stand-in understood it. */
export interface CheckedFrame {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Empty if it could not be read. */
  readonly taskId: string;
  /** Every way in which the frame is not exactly what section 4 of the contract says. */
  readonly problems: readonly string[];
}

/** Checks a frame of the worker: key for key, type for type, the fixed texts included. */
export function checkClientFrame(frame: string | Uint8Array, workerId: string): CheckedFrame {
  const unreadable = (problem: string): CheckedFrame => ({ type: "", data: {}, taskId: "", problems: [problem] });
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
  const taskId = typeof data.task_id === "string" ? data.task_id : "";
  const problems: string[] = [];
  for (const key of Object.keys(parsed)) {
    if (key !== "type" && key !== "data") problems.push(`${type}: unexpected key ${key} beside type and data`);
  }
  const shape = Object.entries(shapes(workerId)).find(([name]) => name === type)?.[1];
  if (shape === undefined) {
    problems.push(`unknown type ${type}`);
    return { type, data, taskId, problems };
  }
  for (const [key, check] of Object.entries(shape.required)) {
    if (!check(data[key], data)) problems.push(`${type} ${taskId}: bad ${key}: ${JSON.stringify(data[key])}`);
  }
  for (const key of Object.keys(data)) {
    if (key in shape.required) continue;
    const check = shape.optional?.[key];
    if (check === undefined) problems.push(`${type} ${taskId}: unexpected key ${key}`);
    else if (!check(data[key], data)) problems.push(`${type} ${taskId}: bad ${key}: ${JSON.stringify(data[key])}`);
  }
  return { type, data, taskId, problems };
}
