import type { Ending } from "./life-cycle.ts";

/** What a signal asks of a worker. */
export type SignalAction =
  | { readonly kind: "end"; readonly how: Ending }
  /** At once, tasks or not. */
  | { readonly kind: "exit" }
  | { readonly kind: "reload" }
  | { readonly kind: "nothing" };

/**
 * What a signal means at the moment. SIGTERM and SIGINT: what the operator wants the first one to do; behind a drain or a
 * detach they stop, and behind a stop they end the process at once. SIGQUIT drains, SIGUSR2 detaches, SIGHUP reloads.
 */
export function signalAction(signal: NodeJS.Signals, ending: Ending | undefined, onStop: Ending): SignalAction {
  switch (signal) {
    case "SIGTERM":
    case "SIGINT":
      if (ending === undefined) return { kind: "end", how: onStop };
      return ending === "stop" ? { kind: "exit" } : { kind: "end", how: "stop" };
    case "SIGQUIT":
      return ending === undefined ? { kind: "end", how: "drain" } : { kind: "nothing" };
    case "SIGUSR2":
      return ending === undefined || ending === "drain" ? { kind: "end", how: "detach" } : { kind: "nothing" };
    case "SIGHUP":
      return ending === "stop" ? { kind: "nothing" } : { kind: "reload" };
    default:
      return { kind: "nothing" };
  }
}
