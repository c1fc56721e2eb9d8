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
import { loginHint, pullFailureKind } from "./pull-failure.ts";
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
export type PullAnswer = ({ readonly ok: true } & Pulled) | { readonly ok: false; readonly detail: string };

export interface Pulled {
  readonly imageId: string;
  /** The name stood for that image before the pull too: what was made by that name beside it was made from this image. */
  readonly isUnchanged: boolean;
}

/** Whose credentials a pull shows: `configured` at once, or only where a pull without any is denied. */
export type CredentialPolicy = "configured" | "anonymous-first";

export interface Images {
  /**
   * Id of the image that a pull of that name will most likely come to: that of the last pull, else that of the image which
   * is here and has the daemon's platform. `undefined` where there is none. Rejects with an `EngineError`.
   */
  expected(image: string): Promise<string | undefined>;
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

/** How many names are remembered with what they came to. */
const MAX_KNOWN = 1000;

/** `digests` are those of the manifests that the image was pulled by. */
type Found = { readonly ok: true; readonly imageId: string; readonly digests: readonly string[] };
type Failed = { readonly ok: false; readonly problem: string; readonly kind: "denied" | "network" | "final" };
type Look = Found | Failed;
type Attempt = (Found & Pulled) | Failed;

export function createImages(options: ImagesOptions): Images {
  const { engine, watch, platform, clock, log } = options;
  const shared = createSharedWork<Attempt>();
  const looks = createSharedWork<Look>();
  /** What the last pulls came to, by name. The engine may have lost it since; only a pull can tell. */
  const known = new Map<string, Found>();
  // It may be another engine, or the same with another store, where these ids say nothing.
  watch.onBack(() => known.clear());

  function remember(name: string, found: Found): void {
    known.delete(name);
    known.set(name, found);
    const oldest = known.size > MAX_KNOWN ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
  }

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
        problem: kind === "denied" ? `${problem}; ${loginHint(reference, credentials !== undefined)}` : problem,
        kind,
      };
    };
    const name = localName(reference);
    const last = known.get(name);
    const before = last ?? look(reference).catch(() => undefined);
    try {
      const end = await transfer(reference, credentials, signal);
      if (end.failure !== undefined) return refused(end.failure);
      const here = await before;
      const unchanged = isUnchanged(here, end);
      const found = unchanged ? here : await look(reference);
      if (!found.ok) return found;
      remember(name, found);
      return { ...found, isUnchanged: unchanged };
    } catch (error) {
      const isAnswer = error instanceof EngineError && (error.kind === "status" || error.kind === "stalled");
      if (isAnswer) return refused(error.message);
      throw error;
    }
  }

  /** The image of that name as it is here now; equal looks at once are one. */
  function look(reference: ImageReference): Promise<Look> {
    const name = localName(reference);
    return looks.join(name, new AbortController().signal, () => checkPlatform(engine, name, platform));
  }

  async function attempts(
    reference: ImageReference,
    credentials: PullCredentials | undefined,
    signal: AbortSignal,
  ): Promise<Attempt> {
    let tries = 0;
    for (const delayMs of [...RETRY_DELAYS_MS, undefined]) {
      let answer = await persist(watch, signal, () => {
        tries += 1;
        return attempt(reference, credentials, signal);
      });
      // One that broke may have moved the name.
      if (answer.ok && tries > 1) answer = { ...answer, isUnchanged: false };
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
    async expected(image) {
      const reference = parseImageReference(image);
      if (reference.kind === "invalid") return undefined;
      const found = known.get(localName(reference)) ?? (await look(reference));
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

async function checkPlatform(engine: Engine, name: string, wanted: Platform): Promise<Look> {
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

/** Whether the registry has what was here all the time: then there is nothing to ask the engine. */
function isUnchanged(here: Look | undefined, { digest, isUpToDate }: PullEnd): here is Found {
  return here?.ok === true && isUpToDate === true && digest !== undefined && here.digests.includes(digest);
}

function localName(reference: ImageReference): string {
  const separator = reference.pullTag.includes(":") ? "@" : ":";
  return `${reference.pullName}${separator}${reference.pullTag}`;
}
