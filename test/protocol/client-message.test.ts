import { describe, expect, test } from "bun:test";
import {
  AT_CAPACITY,
  type ClientMessage,
  encodeClientMessage,
  taskCancelled,
  taskClaimed,
  taskCompleted,
  taskFailed,
  taskRejected,
} from "../../src/protocol/client-message.ts";

describe("messages to Oz", () => {
  const cases: readonly [ClientMessage, unknown][] = [
    [taskClaimed("t", "w"), { type: "task_claimed", data: { task_id: "t", worker_id: "w" } }],
    [
      taskRejected("t", AT_CAPACITY),
      { type: "task_rejected", data: { task_id: "t", reason: "worker at maximum concurrency" } },
    ],
    [taskCompleted("t"), { type: "task_completed", data: { task_id: "t", message: "Task completed successfully" } }],
    [
      taskCancelled("t"),
      {
        type: "task_completed",
        data: { task_id: "t", message: "Task cancelled by user request.", task_state: "CANCELLED" },
      },
    ],
    [
      taskFailed("t", "m", "container_exit", 9),
      { type: "task_failed", data: { task_id: "t", message: "m", failure_reason: "container_exit", exit_code: 9 } },
    ],
    [
      taskFailed("t", "m", "container_exit", 0),
      { type: "task_failed", data: { task_id: "t", message: "m", failure_reason: "container_exit", exit_code: 0 } },
    ],
    [
      taskFailed("t", "m", "image_pull"),
      { type: "task_failed", data: { task_id: "t", message: "m", failure_reason: "image_pull" } },
    ],
  ];
  test.each(cases)("%j", (message, expected) => {
    expect(JSON.parse(encodeClientMessage(message))).toEqual(expected);
  });

  test("a broken character is escaped and comes back as it was", () => {
    const text = encodeClientMessage(taskCompleted("\ud800"));
    expect(text).toContain("\\ud800");
    expect(JSON.parse(text).data.task_id).toBe("\ud800");
  });
});
