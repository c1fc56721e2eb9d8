import { messageOf } from "../support/message-of.ts";
/** What is looked at to tell a worker's health. */
export interface LiveState {
  /** The link to Oz: whether it is up, and since when, in milliseconds of the clock behind `now`. */
  readonly link: () => { readonly connected: boolean; readonly since: number; readonly reason?: string };
  /** How it is ending, if it is; one that drains does its work. */
  readonly ending: () => string | undefined;
  /** Asks the Docker daemon for a sign of life, with a limit of a few seconds; rejects with a reason without secrets. */
  readonly pingDaemon: () => Promise<void>;
  readonly now: () => number;
}

/** How long the Docker daemon may take to answer, in milliseconds: less than the one who asks has patience. */
export const PING_LIMIT_MS = 4_000;

/** What is wrong with a worker at this moment, one plain reason each; empty is healthy. */
export async function liveProblems(live: LiveState): Promise<readonly string[]> {
  const { connected, since, reason = "see its log" } = live.link();
  const problems: string[] = [];
  const ending = live.ending();
  if (ending !== undefined && ending !== "drain") problems.push(`it is ending (${ending})`);
  if (!connected) problems.push(`not connected to Oz for ${Math.round((live.now() - since) / 1000)} s (${reason})`);
  try {
    await live.pingDaemon();
  } catch (thrown) {
    const reason = messageOf(thrown);
    problems.push(`its Docker daemon does not answer (${reason})`);
  }
  return problems;
}
