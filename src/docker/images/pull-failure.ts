import type { ImageReference } from "../registry/image-reference.ts";
import { withoutReference } from "./without-reference.ts";

/**
 * Why an image cannot be had.
 * - `not-found`, `denied`, `limited`: the registry's answer
 * - `unreachable`: no registry answers there, or not now
 * - `silent`: it takes requests and does not answer, or does not go on
 * - `certificate`: the daemon does not trust it
 * - `platform`: nothing there for this daemon
 * - `damaged`: what came is not what was asked for
 * - `removed`: it was there, and somebody has removed it at once
 * - `disk-full`, `daemon`: trouble of the Docker daemon's own
 */
export type PullFailureKind =
  | "not-found"
  | "denied"
  | "limited"
  | "unreachable"
  | "silent"
  | "certificate"
  | "platform"
  | "damaged"
  | "removed"
  | "disk-full"
  | "daemon";

/** A failed pull. `said` is the engine's word, or the registry's, for the log alone. */
export interface PullFailure {
  readonly ok: false;
  readonly kind: PullFailureKind;
  readonly said: string;
  /** It was no registry's answer: what there is behind an address of the daemon's machine is not for whoever chooses one. */
  readonly isForeign?: true;
  /** For `platform`: what it is built for, where that is known. */
  readonly builtFor?: string;
}

/** Answers that are no registry's: what stands in them is somebody else's, whatever it says. */
const FOREIGN =
  /error parsing HTTP (\d+) response body|malformed HTTP|server gave HTTP response|proxyconnect|proxy auth/i;
/** A registry behind a gateway that denies or limits in words of its own. */
const FOREIGN_KINDS: ReadonlyMap<string, PullFailureKind> = new Map([
  ["401", "denied"],
  ["403", "denied"],
  ["429", "limited"],
]);

/** The engine gives no codes for what a registry said, only text, its own or the registry's. The first that fits counts. */
const KINDS: readonly (readonly [kind: PullFailureKind, words: RegExp])[] = [
  ["disk-full", /no space left|disk quota exceeded/i],
  ["daemon", /denied by plugin|failed to (register|extract|unpack|mount|prepare)|layer does not exist|read-only file/i],
  // A call of the system, with its path: its "permission denied" is no registry's.
  ["daemon", /\b(open|mkdir|mount|rename|unlink\w*|l?chown|l?chmod|l?stat|write|symlink|link) \/\S*: /i],
  [
    "platform",
    /no matching manifest|no match for platform|specified platform|operating system|cannot be used on this/i,
  ],
  ["certificate", /x509|certificate/i],
  [
    "damaged",
    /verification failed|unexpected commit digest|failed size validation|digest mismatch|does not match .*digest|invalid checksum/i,
  ],
  // Docker Hub limits who comes with a wrong password.
  ["denied", /too many failed login/i],
  ["limited", /too ?many ?requests|\b429\b|rate ?(limit|exceeded)/i],
  ["denied", /denied|unauthorized|authentication required|no basic auth|forbidden|authorization failed|\b40[13]\b/i],
  ["unreachable", /no such host|lookup /i],
  ["not-found", /manifest unknown|name unknown|not found|does not exist|\b404\b/i],
];

/** Of what an engine repeats, which may be a whole page of somebody's. */
const MAX_WORDS = 8_192;

/** What the engine's words about a pull mean. What is none of the known answers is taken for a fault of the way there. */
export function toPullFailure(said: string, reference: ImageReference): PullFailure {
  const words = withoutReference(said.slice(0, MAX_WORDS), reference);
  const foreign = FOREIGN.exec(words);
  if (foreign !== null) {
    return { ok: false, kind: FOREIGN_KINDS.get(foreign[1] ?? "") ?? "unreachable", said, isForeign: true };
  }
  return { ok: false, kind: KINDS.find(([, pattern]) => pattern.test(words))?.[0] ?? "unreachable", said };
}

/** Whether a login, or another one, may help. */
export function wantsLogin({ kind }: PullFailure): boolean {
  return kind === "denied" || kind === "limited";
}
