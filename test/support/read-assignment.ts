import { decodeServerMessage } from "../../src/protocol/server-message.ts";
import type { TaskAssignment } from "../../src/protocol/task-assignment.ts";

/** The assignment of a frame. Throws what is wrong with any other. */
export function readAssignment(frame: string): TaskAssignment {
  const message = decodeServerMessage(frame);
  if (message.type !== "task_assignment") throw new Error(`not an assignment: ${JSON.stringify(message)}`);
  const said = message.read();
  if (said.kind === "unreadable") throw new Error(said.problem);
  return said.assignment;
}
