import type { OzEvent } from "../../test/support/oz-events.ts";

/** What an event of the stand-in looks like to someone who watches; undefined for what is only noise. */
export function describeOzEvent(event: OzEvent): string | undefined {
  switch (event.kind) {
    case "opened":
      return `link opened by worker ${event.workerId}`;
    case "closed":
      return `link closed by the worker, code ${event.code}`;
    case "refused":
      return `dial refused with ${event.status}`;
    case "sent":
      return `sent ${event.type} ${event.taskId}`;
    case "received":
      return `received ${event.type} ${describeData(event.data)}`;
    case "violation":
      return `BREACH of the protocol: ${event.problem}`;
    case "setup":
      return `told how long ${event.event.name} of ${event.event.taskId} took`;
    case "pinged":
      return undefined;
  }
}

function describeData(data: Readonly<Record<string, unknown>>): string {
  return Object.entries(data)
    .filter(([name]) => name !== "worker_id")
    .map(([name, value]) => (name === "task_id" ? String(value) : `${name}=${JSON.stringify(value)}`))
    .join(" ");
}
