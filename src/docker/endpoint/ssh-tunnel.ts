import { type Clock, pause } from "../../support/clock.ts";
import type { Log } from "../../support/log.ts";
import { describeEndpoint, type SshEndpoint } from "./docker-endpoint.ts";
import { systemFiles } from "./endpoint-files.ts";
import { getFromEngine } from "./engine-get.ts";
import type { Environment } from "./find-endpoint.ts";
import { type SshChild, startSsh } from "./ssh-child.ts";
import { sshArguments, sshRemedy } from "./ssh-command.ts";
import { makeTunnelFolder } from "./tunnel-folder.ts";

/** A local socket that leads to the far daemon until `close`, or `WHY; WHAT TO DO`. */
export type SshTunnel =
  | { readonly kind: "open"; readonly socketPath: string; close(): Promise<void> }
  | { readonly kind: "failed"; readonly problem: string };

export interface TunnelOptions {
  readonly log: Log;
  readonly clock: Clock;
  readonly env: Environment;
}

const READY_LIMIT_MS = 20_000;
const POLL_MS = 50;
const PING_LIMIT_MS = 5000;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 30_000;
// A tunnel that ends sooner has not proved itself: the next attempt waits longer.
const HEALTHY_MS = 10_000;
const FAILED = "ssh failed";

/**
 * Opens a tunnel to the daemon of another machine with the user's own `ssh`: its configuration, keys, agent and known
 * hosts count. Resolves when the daemon has answered through it. From then on an ssh that ends is started again, on the
 * same local socket, until `close`. Never rejects.
 */
export async function openSshTunnel(endpoint: SshEndpoint, options: TunnelOptions): Promise<SshTunnel> {
  if (Bun.which("ssh", { PATH: options.env.PATH ?? "/usr/local/bin:/usr/bin:/bin" }) === null) {
    return failed("there is no `ssh` in PATH; install the OpenSSH client");
  }
  const folder = await makeTunnelFolder(options.env);
  if (folder === undefined) {
    return failed("no folder for its socket can be made in XDG_RUNTIME_DIR, TMPDIR or /tmp; make one of them writable");
  }
  const start = () => startSsh(sshArguments(endpoint, folder.socketPath), options.env, options.clock);
  const child = start();
  const trouble = await waitUntilReady(child, folder.socketPath, options.clock);
  if (trouble !== undefined) {
    await child.end();
    folder.remove();
    return failed(`${described(trouble, child)}; ${sshRemedy(endpoint, child.lastLine())}`);
  }
  const stop = new AbortController();
  const supervised = supervise(
    { endpoint, socketPath: folder.socketPath, start, stop: stop.signal, ...options },
    child,
  );
  return {
    kind: "open",
    socketPath: folder.socketPath,
    async close() {
      stop.abort();
      await supervised;
      folder.remove();
    },
  };
}

interface Supervision extends TunnelOptions {
  readonly endpoint: SshEndpoint;
  readonly socketPath: string;
  readonly start: () => SshChild;
  readonly stop: AbortSignal;
}

async function supervise(tunnel: Supervision, first: SshChild): Promise<void> {
  const { log, clock, stop } = tunnel;
  const where = describeEndpoint(tunnel.endpoint);
  let child = first;
  let retryMs = FIRST_RETRY_MS;
  let reason = FAILED;
  let upSince: number | undefined = clock.now();
  // Ends what any later step waits for.
  stop.addEventListener("abort", () => void child.end(), { once: true });
  while (!stop.aborted) {
    await child.ended;
    await child.end();
    if (stop.aborted) {
      return;
    }
    const healthy = upSince !== undefined && clock.now() - upSince >= HEALTHY_MS;
    retryMs = healthy ? FIRST_RETRY_MS : retryMs;
    log.warn("The ssh tunnel to the Docker daemon ended; it is opened again", {
      daemon: where,
      reason: described(reason, child),
      retryMs,
    });
    await pause(clock, retryMs, stop);
    if (stop.aborted) {
      return;
    }
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
    child = tunnel.start();
    const trouble = await waitUntilReady(child, tunnel.socketPath, clock, stop);
    reason = trouble ?? FAILED;
    upSince = trouble === undefined ? clock.now() : undefined;
    if (trouble === undefined) {
      log.info("The ssh tunnel to the Docker daemon is open again", { daemon: where });
    } else {
      await child.end();
    }
  }
  await child.end();
}

function described(trouble: string, child: SshChild): string {
  const line = child.lastLine();
  return line === "" ? trouble : `${trouble}: ${line}`;
}

/** What kept the daemon from answering through the tunnel, or `undefined` once it has answered. */
async function waitUntilReady(
  child: SshChild,
  socketPath: string,
  clock: Clock,
  stop?: AbortSignal,
): Promise<string | undefined> {
  const state = { ended: false };
  void child.ended.then(() => {
    state.ended = true;
  });
  const limit = clock.now() + READY_LIMIT_MS;
  while (clock.now() < limit && !stop?.aborted) {
    if (state.ended) {
      return FAILED;
    }
    if (systemFiles.socketAt(socketPath).kind === "socket") {
      const answer = await getFromEngine({ kind: "unix", socketPath }, "/_ping", { clock, timeoutMs: PING_LIMIT_MS });
      // A socket that an ssh before this one has left refuses until this one takes its place.
      const stale = answer.kind === "failed" && answer.code === "ECONNREFUSED";
      if (answer.kind === "answer") {
        return undefined;
      }
      if (!stale && !state.ended) {
        return "ssh is connected, but no Docker daemon answers through it";
      }
    }
    await Promise.race([child.ended, pause(clock, POLL_MS, stop)]);
  }
  return `ssh was not ready within ${READY_LIMIT_MS / 1000} s`;
}

function failed(problem: string): SshTunnel {
  return { kind: "failed", problem };
}
