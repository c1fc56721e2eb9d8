import { describe, expect, test } from "bun:test";
import {
  AT_CAPACITY,
  type ClientMessage,
  encodeClientMessage,
  SHUTTING_DOWN,
  taskCancelled,
  taskClaimed,
  taskCompleted,
  taskFailed,
  taskRejected,
} from "../../src/protocol/client-message.ts";
import { checkClientFrame } from "../support/message-shapes.ts";

const FIRST = { taskId: "t", executionId: "" };
const LATER = { taskId: "t", executionId: "e" };

describe("messages to Oz", () => {
  const cases: readonly [ClientMessage, unknown][] = [
    [taskClaimed(FIRST, "w"), { type: "task_claimed", data: { task_id: "t", worker_id: "w" } }],
    [taskClaimed(LATER, "w"), { type: "task_claimed", data: { task_id: "t", execution_id: "e", worker_id: "w" } }],
    [
      taskRejected(LATER, AT_CAPACITY),
      { type: "task_rejected", data: { task_id: "t", reason: "worker at maximum concurrency" } },
    ],
    [
      taskRejected(FIRST, SHUTTING_DOWN),
      { type: "task_rejected", data: { task_id: "t", reason: "worker is shutting down" } },
    ],
    [taskCompleted(FIRST), { type: "task_completed", data: { task_id: "t", message: "Task completed successfully" } }],
    [
      taskCompleted(LATER),
      { type: "task_completed", data: { task_id: "t", execution_id: "e", message: "Task completed successfully" } },
    ],
    [
      taskCancelled(LATER),
      {
        type: "task_completed",
        data: {
          task_id: "t",
          execution_id: "e",
          message: "Task cancelled by user request.",
          task_state: "CANCELLED",
        },
      },
    ],
    [
      taskFailed(LATER, "Failed to execute task: m", "container_exit", 9),
      {
        type: "task_failed",
        data: {
          task_id: "t",
          execution_id: "e",
          message: "Failed to execute task: m",
          failure_reason: "container_exit",
          exit_code: 9,
        },
      },
    ],
    [
      taskFailed(FIRST, "Failed to execute task: m", "container_exit", 0),
      {
        type: "task_failed",
        data: { task_id: "t", message: "Failed to execute task: m", failure_reason: "container_exit", exit_code: 0 },
      },
    ],
    [
      taskFailed(FIRST, "Failed to execute task: m", "image_pull"),
      {
        type: "task_failed",
        data: { task_id: "t", message: "Failed to execute task: m", failure_reason: "image_pull" },
      },
    ],
  ];
  test.each(cases)("%j", (message, expected) => {
    expect(JSON.parse(encodeClientMessage(message))).toEqual(expected);
  });

  test("each is what the contract's table says, key for key", () => {
    for (const [message] of cases) expect(checkClientFrame(encodeClientMessage(message), "w").problems).toEqual([]);
  });
});
