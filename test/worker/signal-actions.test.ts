import { expect, test } from "bun:test";
import type { Ending } from "../../src/worker/life-cycle.ts";
import { signalAction } from "../../src/worker/signal-actions.ts";

const table: [signal: NodeJS.Signals, ending: Ending | undefined, what: string][] = [
  ["SIGTERM", undefined, "detach"],
  ["SIGTERM", "drain", "stop"],
  ["SIGTERM", "detach", "stop"],
  ["SIGTERM", "stop", "exit"],
  ["SIGINT", "stop", "exit"],
  ["SIGQUIT", undefined, "drain"],
  ["SIGQUIT", "stop", "nothing"],
  ["SIGQUIT", "detach", "nothing"],
  ["SIGUSR2", undefined, "detach"],
  ["SIGUSR2", "drain", "detach"],
  ["SIGUSR2", "stop", "nothing"],
  ["SIGHUP", undefined, "reload"],
  ["SIGHUP", "drain", "reload"],
  ["SIGHUP", "stop", "nothing"],
  ["SIGUSR1", undefined, "nothing"],
];

test.each(table)("%s in a worker whose end is %s: %s", (signal, ending, what) => {
  const action = signalAction(signal, ending, "detach");
  expect(action.kind === "end" ? action.how : action.kind).toBe(what as never);
});
