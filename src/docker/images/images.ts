import type { Clock } from "../../support/clock.ts";
import { pause } from "../../support/clock.ts";
import type { Log } from "../../support/log.ts";
import { createRedactor } from "../../support/redaction.ts";
import { createSharedWork } from "../../support/shared-work.ts";
import type { Engine } from "../engine/engine.ts";
import { describeError, EngineError, hasStatus } from "../engine/engine-error.ts";
import { ImageDetails } from "../engine/engine-schemas.ts";
import { type EngineWatch, persist } from "../engine/engine-watch.ts";
import { type ImageReference, parseImageReference } from "../registry/image-reference.ts";
import { type PullEnd, readPullProgress } from "./pull-progress.ts";

/** What a registry is shown for one image. */
export interface PullCredentials {
  /** Value of `X-Registry-Auth`. */
  readonly header: string;
  /** Equal exactly where the credentials are equal, and none itself. */
  readonly fingerprint: string;
  /** What a registry may repeat of them, and nobody must see. */
  readonly secrets: readonly string[];
}

/** Platform of the daemon; images must have it. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
}

/** `detail` is one plain line that names the image. */
export type PullAnswer =
  | { readonly ok: true; readonly imageId: string }
  | { readonly ok: false; readonly detail: string };

/** Whose credentials a pull shows: `configured` at once, or only where a pull without any is denied. */
export type CredentialPolicy = "configured" | "anonymous-first";

export interface Images {
  /** Id of the image of that name that is here already and has the daemon's platform; `undefined` where there is none. */
  local(image: string): Promise<string | undefined>;
  /** Pulls an image for the daemon's platform. Equal pulls share one transfer. Rejects with the signal's reason. */
  pull(image: string, policy: CredentialPolicy, signal: AbortSignal): Promise<PullAnswer>;
}

export interface ImagesOptions {
  readonly engine: Engine;
  readonly watch: EngineWatch;
  readonly platform: Platform;
  readonly credentials: (reference: ImageReference, signal: AbortSignal) => Promise<PullCredentials | undefined>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Until the daemon begins to answer: it asks the registry first. */
const BEGIN_LIMIT_MS = 120_000;
/** A pull without a byte of progress for this long is given up; a layer in extraction reports as it goes. */
const STALL_MS = 300_000;
const RETRY_DELAYS_MS = [1000, 3000, 6000];

/** `digests` are those of the manifests that the image was pulled by. */
type Attempt =
  | { readonly ok: true; readonly imageId: string; readonly digests: readonly string[] }
  | { readonly ok: false; readonly problem: string; readonly kind: "denied" | "network" | "final" };

export function createImages(options: ImagesOptions): Images {
  const { engine, watch, platform, clock, log } = options;
  const shared = createSharedWork<Attempt>();
  const looks = createSharedWork<Attempt>();

  async function transfer(
    reference: ImageReference,
    credentials: PullCredentials | undefined,
    signal: AbortSignal,
  ): Promise<PullEnd> {
    const stream = await engine.open({
      method: "POST",
      path: "/images/create",
      query: {
        fromImage: reference.pullName,
        tag: reference.pullTag,
        platform: `${platform.os}/${platform.architecture}`,
      },
      ...(credentials ? { headers: { "X-Registry-Auth": credentials.header } } : {}),
      signal,
      limitMs: BEGIN_LIMIT_MS,
    });
    return await readPullProgress(stream, STALL_MS, clock);
  }

  async function attempt(
    reference: ImageReference,
    credentials: PullCredentials | undefined,
    signal: AbortSignal,
  ): Promise<Attempt> {
    const refused = (said: string): Attempt => {
      const kind = pullFailureKind(said);
      const problem = createRedactor(credentials?.secrets ?? [])(said);
      return {
        ok: false,
        problem: kind === "denied" ? `${problem}; ${loginHint(reference, credentials)}` : problem,
        kind,
      };
    };
    const before = look(reference).catch(() => undefined);
    try {
      const { failure, digest } = await transfer(reference, credentials, signal);
      if (failure !== undefined) return refused(failure);
      // Where the registry has what was here all the time, there is nothing to ask.
      const known = await before;
      return known?.ok && digest !== undefined && known.digests.includes(digest) ? known : await look(reference);
    } catch (error) {
      const isAnswer = error instanceof EngineError && (error.kind === "status" || error.kind === "stalled");
      if (isAnswer) return refused(error.message);
      throw error;
    }
  }

  /** The image of that name as it is here now; equal looks at once are one. */
  function look(reference: ImageReference): Promise<Attempt> {
    const name = localName(reference);
    return looks.join(name, new AbortController().signal, () => checkPlatform(engine, name, platform));
  }

  async function attempts(
    reference: ImageReference,
    credentials: PullCredentials | undefined,
    signal: AbortSignal,
  ): Promise<Attempt> {
    for (const delayMs of [...RETRY_DELAYS_MS, undefined]) {
      const answer = await persist(watch, signal, () => attempt(reference, credentials, signal));
      if (answer.ok || answer.kind !== "network" || delayMs === undefined) return answer;
      log.warn("a pull failed on the network and is tried again", {
        image: reference.familiar,
        reason: answer.problem,
        delaySeconds: delayMs / 1000,
      });
      await pause(clock, delayMs, signal);
      if (signal.aborted) throw signal.reason;
    }
    throw new Error("unreachable: the last attempt has no delay");
  }

  function join(reference: ImageReference, credentials: PullCredentials | undefined, signal: AbortSignal) {
    const key = JSON.stringify([reference.pullName, reference.pullTag, credentials?.fingerprint ?? null]);
    return shared.join(key, signal, (own) => attempts(reference, credentials, own));
  }

  return {
    async local(image) {
      const reference = parseImageReference(image);
      if (reference.kind === "invalid") return undefined;
      const found = await look(reference);
      return found.ok ? found.imageId : undefined;
    },
    async pull(image, policy, signal) {
      const reference = parseImageReference(image);
      if (reference.kind === "invalid") return { ok: false, detail: reference.reason };
      try {
        const first = policy === "configured" ? await options.credentials(reference, signal) : undefined;
        let answer = await join(reference, first, signal);
        if (!answer.ok && answer.kind === "denied" && policy === "anonymous-first") {
          const configured = await options.credentials(reference, signal);
          if (configured !== undefined) answer = await join(reference, configured, signal);
        }
        if (answer.ok) return answer;
        return { ok: false, detail: `could not pull image ${JSON.stringify(image)}: ${answer.problem}` };
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        return { ok: false, detail: `could not pull image ${JSON.stringify(image)}: ${describeError(error)}` };
      }
    },
  };
}

async function checkPlatform(engine: Engine, name: string, wanted: Platform): Promise<Attempt> {
  try {
    const image = await engine.call({ method: "GET", path: `/images/${name}/json` }, ImageDetails);
    if (image.Os === wanted.os && image.Architecture === wanted.architecture) {
      const digests = image.RepoDigests.map((reference) => reference.slice(reference.indexOf("@") + 1));
      return { ok: true, imageId: image.Id, digests };
    }
    const problem = `it is built for ${image.Os}/${image.Architecture}, but this daemon runs ${wanted.os}/${wanted.architecture}: publish it for that platform`;
    return { ok: false, problem, kind: "final" };
  } catch (error) {
    if (hasStatus(error, 404)) return { ok: false, problem: "it was removed right after the pull", kind: "network" };
    throw error;
  }
}

/** What an operator can do where a registry denies an image. */
function loginHint({ registry }: ImageReference, credentials: PullCredentials | undefined): string {
  const command = registry === "docker.io" ? "`docker login`" : `\`docker login ${registry}\``;
  return credentials === undefined
    ? `check the image's name, or run ${command} as the worker's user: it has no login for that registry`
    : `check the image's name, and that the login of the worker's user may pull it: ${command} renews it`;
}

function localName(reference: ImageReference): string {
  const separator = reference.pullTag.includes(":") ? "@" : ":";
  return `${reference.pullName}${separator}${reference.pullTag}`;
}

/**
 * The engine gives no codes for what a registry said, only its text.
 * Only network trouble is worth another try: everything else would fail the same way.
 */
export function pullFailureKind(message: string): "denied" | "network" | "final" {
  if (/denied|unauthorized|authentication required|no basic auth|forbidden|\b40[13]\b/i.test(message)) return "denied";
  if (/no matching manifest|manifest unknown|not found|invalid reference|no space left/i.test(message)) return "final";
  if (
    /timeout|timed out|deadline|connection (refused|reset)|no such host|context canceled|unexpected EOF|\bEOF\b|TLS handshake|temporary failure|network is unreachable|no route to host|broken pipe|too ?many ?requests|\b(429|50[0234])\b/i.test(
      message,
    )
  ) {
    return "network";
  }
  return "final";
}
