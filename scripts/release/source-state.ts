import { join } from "node:path";
import { runCommand } from "./run-command.ts";

const ROOT = join(import.meta.dir, "../..");

/** What of the source is built, as far as git knows. */
export interface SourceState {
  /** The commit; with `-dirty` where files of the tree differ from it. Absent outside of a git checkout. */
  readonly commit: string | undefined;
  /** When that commit was made, in ISO 8601 and UTC. */
  readonly committed: string | undefined;
  /** Where the source is published, as a web address; absent without a remote repository. */
  readonly url: string | undefined;
}

const UNKNOWN: SourceState = { commit: undefined, committed: undefined, url: undefined };

/** Asks git about the checkout; a tree without git, or a machine without it, is no failure. */
export async function sourceState(root = ROOT): Promise<SourceState> {
  const git = async (...args: string[]) => {
    const result = await runCommand(["git", ...args], { cwd: root });
    return result.ok ? result.stdout.trim() : undefined;
  };
  // A checkout further up, in which this tree only lies, is somebody else's.
  if ((await git("rev-parse", "--show-prefix")) !== "") return UNKNOWN;
  const [commit, seconds, changes, remote] = await Promise.all([
    git("rev-parse", "HEAD"),
    git("show", "-s", "--format=%ct", "HEAD"),
    git("status", "--porcelain", "--untracked-files=no"),
    git("config", "--get", "remote.origin.url"),
  ]);
  if (commit === undefined || seconds === undefined) return UNKNOWN;
  return {
    commit: changes === "" ? commit : `${commit}-dirty`,
    committed: new Date(Number(seconds) * 1000).toISOString(),
    url: remote === undefined ? undefined : webAddress(remote),
  };
}

/** The web address of a remote repository, without credentials; `undefined` for one that has none, such as a folder. */
export function webAddress(remote: string): string | undefined {
  const match =
    /^(?:(?:https?|ssh|git):\/\/)?(?:[^/@]*@)?([a-z0-9.-]+\.[a-z]+)(?::\d+\/|[:/])([^?#]+?)(?:\.git)?\/?$/i.exec(
      remote,
    );
  const [, host, path] = match ?? [];
  return host === undefined || path === undefined ? undefined : `https://${host}/${path.replace(/^\/+/, "")}`;
}
