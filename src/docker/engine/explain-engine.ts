import { describeError, EngineError } from "./engine-error.ts";

/** Why the engine did not do what a task needs: in words of our own, and in those of the engine. */
export interface Explained {
  /** For Oz and the log: names nothing of the daemon's machine. */
  readonly why: string;
  /** For the log alone; absent where there is no more to say. */
  readonly said?: string;
}

const MORE = "the worker's log has more";

/** The engine gives no codes, only text, its own or that of what it starts. The first that fits counts. */
const REFUSALS: readonly (readonly [words: RegExp, why: string])[] = [
  [/no space left|disk quota exceeded/i, "the disk of the Docker daemon is full; make room there"],
  [/no such image/i, "somebody removed its image from the daemon"],
  [/no such container/i, "it was removed by somebody else"],
  [/\bname\b.* is (already )?in use/i, "another container has its name"],
  [
    /exec\b.*(no such file|not found)/i,
    `what it begins with, /agent/entrypoint.sh or the image's own entrypoint, was not found; ${MORE}`,
  ],
  [
    /exec\b.*(permission denied|exec format|is a directory)/i,
    `what it begins with, /agent/entrypoint.sh or the image's own entrypoint, cannot be executed; ${MORE}`,
  ],
  [/chdir|working directory/i, `its working directory cannot be used; ${MORE}`],
  [/unable to find user|no matching entries in (passwd|group)/i, "its image names a user that it does not have"],
  [/\b(volume|mount|bind|mounting|rootfs)\b/i, `the daemon refuses one of its volumes or mounts; ${MORE}`],
  [/\b(cpus?|memory|cgroups?)\b/i, `the daemon refuses its limits of CPU or memory; ${MORE}`],
];

/** Of what an engine, or whatever answers in its place, has to say. */
const MAX_WORDS = 8_192;

/**
 * Explains a failed call. What an engine says names paths and addresses of its machine, and whatever stands between here and
 * there may answer in its place: none of that is for whoever gives tasks.
 */
export function explainEngine(error: unknown): Explained {
  const said = describeError(error);
  // These words are the worker's own.
  if (!(error instanceof EngineError) || error.kind === "aborted") return { why: said };
  return { why: whyOf(error.kind, said), said };
}

/** The same for what an engine has recorded of a start that failed. */
export function explainRefusal(said: string): Explained {
  return { why: whyOf("status", said), said };
}

function whyOf(kind: Exclude<EngineError["kind"], "aborted">, said: string): string {
  switch (kind) {
    case "timeout":
      return `the Docker daemon did not answer in time; ${MORE}`;
    case "unreachable":
      return `the Docker daemon could not be reached; ${MORE}`;
    case "version":
      return `the Docker daemon does not speak the worker's version of its API; ${MORE}`;
    case "malformed":
      return `the Docker daemon answered with something else; ${MORE}`;
    case "status": {
      const words = said.slice(0, MAX_WORDS);
      return REFUSALS.find(([pattern]) => pattern.test(words))?.[1] ?? `the Docker daemon refused it; ${MORE}`;
    }
  }
}
