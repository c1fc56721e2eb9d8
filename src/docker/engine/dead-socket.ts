import type { Clock } from "../../support/clock.ts";
import { isRefused } from "./engine-error.ts";
import type { EngineWatch } from "./engine-watch.ts";

const LIMIT_MS = 120_000;

export interface DeadSocketOptions {
  readonly watch: Pick<EngineWatch, "onPing">;
  readonly socketPath: string;
  readonly clock: Clock;
  readonly giveUp: (problem: string) => void;
}

/**
 * Gives a worker in a container up whose socket has refused connections for two minutes. A socket that is mounted as a file
 * stays the one that was there at the container's start: that of a restarted daemon is another one, and comes only with a
 * new mount. Not for a worker on a host, which finds the new socket at the same path.
 */
export function endOnDeadSocket({ watch, socketPath, clock, giveUp }: DeadSocketOptions): void {
  let since: number | undefined;
  watch.onPing((failure) => {
    if (!isRefused(failure)) {
      since = undefined;
      return;
    }
    since ??= clock.now();
    if (clock.now() - since < LIMIT_MS) return;
    giveUp(
      `nothing has listened on ${socketPath} for ${LIMIT_MS / 60_000} minutes: a Docker daemon that was restarted has a new ` +
        "socket, which a container that has the old one mounted as a file does not see; its restart policy mounts it anew",
    );
  });
}
