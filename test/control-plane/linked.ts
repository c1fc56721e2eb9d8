import { createOzLink, type LinkState, type OzLink, type OzLinkOptions } from "../../src/control-plane/oz-link.ts";
import type { ClientMessage } from "../../src/protocol/client-message.ts";
import type { ServerMessage } from "../../src/protocol/server-message.ts";
import { USER_AGENT } from "../../src/support/user-agent.ts";
import { assignment } from "../support/assignment-builder.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { OzStandIn, type OzStandInOptions } from "../support/oz-stand-in.ts";
import { type RecordedLog, recordedLog } from "../support/recorded-log.ts";
import { Relay } from "../support/relay.ts";
import { until } from "../support/until.ts";

export interface Linked extends AsyncDisposable {
  readonly oz: OzStandIn;
  readonly relay: Relay;
  readonly link: OzLink;
  readonly clock: ManualClock;
  readonly log: RecordedLog;
  readonly messages: ServerMessage[];
  readonly states: LinkState[];
}

/** A link on a manual clock, through a relay, to a stand-in of Oz; all of it ends with the test's scope. */
export async function linked(options: Partial<OzLinkOptions> = {}, ozOptions: OzStandInOptions = {}): Promise<Linked> {
  const oz = new OzStandIn(ozOptions);
  const relay = await Relay.start({ port: oz.port });
  const clock = new ManualClock();
  const log = recordedLog();
  const messages: ServerMessage[] = [];
  const states: LinkState[] = [];
  const link = createOzLink({
    url: relay.through(oz.url),
    workerId: oz.workerId,
    apiKey: () => oz.apiKey,
    userAgent: USER_AGENT,
    log,
    clock,
    random: () => 0.5,
    onMessage: (message) => void messages.push(message),
    onState: (state) => void states.push(state),
    ...options,
  });
  return {
    oz,
    relay,
    link,
    clock,
    log,
    messages,
    states,
    async [Symbol.asyncDispose]() {
      const closed = link.close();
      clock.advance(2_000);
      await closed;
      relay.stop();
      await oz.stop();
    },
  };
}

/** Messages to Oz. */
export const claim = (taskId: string): ClientMessage => ({
  type: "task_claimed",
  data: { task_id: taskId, worker_id: "test-worker" },
});
export const result = (taskId: string): ClientMessage => ({
  type: "task_completed",
  data: { task_id: taskId, message: "Task completed successfully" },
});
export const rejection = (taskId: string): ClientMessage => ({
  type: "task_rejected",
  data: { task_id: taskId, reason: "worker at maximum concurrency" },
});

/** Starts the link and has a task assigned over it. */
export async function withTask(parts: Linked): Promise<string> {
  const task = assignment({ execution_id: "" });
  parts.link.start();
  await parts.oz.assign(task);
  await until("the assignment", () => parts.messages.length > 0);
  return task.task_id;
}

/** Waits until the link is lost and there is the next one, which is the `links`th. */
export async function reconnect(parts: Linked, links: number): Promise<void> {
  await until("a lost link", () => !parts.link.state().connected);
  // Enough for the delay, not for the limit of the handshake that begins then.
  parts.clock.advance(1_200);
  await parts.oz.waitFor(`link ${links}`, () => parts.oz.openedLinks >= links || undefined, 5_000);
}
