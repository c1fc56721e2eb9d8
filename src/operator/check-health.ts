import { type ProcessIdentity, processIdentity } from "../host/process-identity.ts";
import { escapeUnprintable, quoted } from "../support/printable.ts";
import { type AskedWorkers, type AskWorkersOptions, askWorkers } from "./ask-workers.ts";
import type { Stranger } from "./find-workers.ts";
import { HEALTH, type HealthAnswer } from "./health.ts";

/** A plain line for each worker, and whether it is all good news. */
export interface HealthVerdict {
  readonly healthy: boolean;
  /** Lines, without the last one's end. */
  readonly line: string;
}

/**
 * Asks the workers of this machine or container how they are. Good only if there is one and each says so by itself,
 * now. Never rejects.
 */
export async function checkHealth(options: AskWorkersOptions): Promise<HealthVerdict> {
  const { workerId, identity = processIdentity() } = options;
  return judgeHealth(await askWorkers(HEALTH, {}, { ...options, identity }), workerId, identity);
}

/** The verdict on what the workers said to the one of `asker`. */
export function judgeHealth(
  asked: AskedWorkers<HealthAnswer>,
  workerId: string | undefined,
  asker: Pick<ProcessIdentity, "uid">,
): HealthVerdict {
  if (asked.kind === "blind") {
    return { healthy: false, line: "/proc/net/unix cannot be read: health needs Linux with /proc mounted" };
  }
  const good: string[] = [];
  const bad: string[] = [];
  for (const { worker, said } of asked.said) {
    const known = said.kind === "answer" ? said.workerId : workerId;
    const user = worker.uid === asker.uid ? "" : `, user ${worker.uid}`;
    const name = `worker${known === undefined ? "" : ` ${quoted(known)}`} (pid ${worker.pid}${user})`;
    if (said.kind === "silent") bad.push(`${name} ${said.reason}`);
    else if (said.answer.problems.length === 0) good.push(`${name} is connected to Oz and its Docker daemon answers`);
    else bad.push(`${name}: ${said.answer.problems.map(escapeUnprintable).join(", ")}`);
  }
  if (asked.left > 0) bad.push(`${asked.left} more workers were not asked`);
  if (bad.length > 0) return { healthy: false, line: bad.join("\n") };
  if (good.length > 0) return { healthy: true, line: good.join("\n") };
  const which = workerId === undefined ? "no worker" : `no worker with the id ${quoted(workerId)}`;
  return { healthy: false, line: `${which} runs here${hint(asked.strangers, asker.uid)}` };
}

const MAX_NAMED = 3;

function hint(strangers: readonly Stranger[], asker: number): string {
  const count = strangers.length;
  if (count === 0) return "";
  if (asker !== 0) return `; ${count} of another user: ask as that user or root`;
  const named = strangers.slice(0, MAX_NAMED).map(({ pid, uid }) => `pid ${pid} of user ${uid}`);
  const more = count > MAX_NAMED ? ` and ${count - MAX_NAMED} more` : "";
  return `; not believed, since that user may not use the Docker daemon: ${named.join(", ")}${more}; ask as that user`;
}
