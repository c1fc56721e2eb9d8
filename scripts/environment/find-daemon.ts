import { existsSync } from "node:fs";
import { join } from "node:path";
import Docker from "dockerode";
import { messageOf, type Problem } from "./problem.ts";

/** A daemon that runs already and can be used: it belongs to someone else. */
export interface FoundDaemon {
  readonly socketPath: string;
}

/**
 * Looks for a running daemon: DOCKER_HOST alone where it is set, else the usual sockets. It must answer and reach the
 * registry on this machine's 127.0.0.1, which a daemon elsewhere or in a virtual machine does not.
 * The problem says why none will do.
 */
export async function findDaemon(
  registry: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<FoundDaemon | Problem> {
  const host = env.DOCKER_HOST ?? "";
  if (host !== "" && !host.startsWith("unix://")) {
    return { problem: "DOCKER_HOST names a daemon that cannot reach a registry on this machine" };
  }
  const candidates = host === "" ? usualSockets(env) : [host.slice("unix://".length)];
  const reasons: string[] = [];
  for (const socketPath of candidates) {
    const reason = await reasonAgainst(socketPath, registry);
    if (reason === undefined) return { socketPath };
    reasons.push(`${socketPath}: ${reason}`);
  }
  return { problem: `no Docker daemon can be used (${reasons.join("; ")})` };
}

function usualSockets(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const sockets = ["/var/run/docker.sock"];
  if (env.XDG_RUNTIME_DIR) sockets.push(join(env.XDG_RUNTIME_DIR, "docker.sock"));
  if (env.HOME) {
    sockets.push(join(env.HOME, ".docker/run/docker.sock"), join(env.HOME, ".docker/desktop/docker.sock"));
  }
  return sockets;
}

async function reasonAgainst(socketPath: string, registry: string): Promise<string | undefined> {
  if (!existsSync(socketPath)) return "no such socket";
  const docker = new Docker({ socketPath });
  const ping = () => docker.ping();
  // The daemon asks the registry for an image that is not there: any answer of the registry will do.
  const ask = () => docker.getImage(`${registry}/nothing:here`).distribution();
  const silence = await failureOf(ping, 5000);
  if (silence !== undefined) return silence;
  const answer = await failureOf(ask, 10_000);
  const reached = answer === undefined || /manifest unknown|not found|unauthorized|denied/i.test(answer);
  return reached ? undefined : `it does not reach ${registry}: ${answer}`;
}

async function failureOf(call: () => Promise<unknown>, limitMs: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const timer = setTimeout(() => resolve(`no answer within ${limitMs / 1000} s`), limitMs);
  call().then(
    () => resolve(undefined),
    (thrown) => resolve(messageOf(thrown)),
  );
  return promise.finally(() => clearTimeout(timer));
}
