import type { Clock } from "../../support/clock.ts";
import type { Log } from "../../support/log.ts";
import { createSharedWork } from "../../support/shared-work.ts";
import { shownImage } from "../../support/shown-image.ts";
import type { Engine } from "../engine/engine.ts";
import { describeError, EngineError } from "../engine/engine-error.ts";
import { type EngineWatch, persist } from "../engine/engine-watch.ts";
import { type ImageReference, parseImageReference } from "../registry/image-reference.ts";
import type { FoundLogin } from "../registry/registry-auth.ts";
import { explainPull } from "./explain-pull.ts";
import { type Platform, platformName } from "./local-image.ts";
import type { PullFailure } from "./pull-failure.ts";
import { createPullOnce, type Pulled } from "./pull-once.ts";
import { type CredentialPolicy, createPullWithLogins, type LoginPullEnding } from "./pull-with-logins.ts";

/** Whether a registry is asked: always, only for what the daemon does not have for its platform, or never. */
export type PullPolicy = "Always" | "IfNotPresent" | "Never";

/**
 * An image, or why there is none: `detail` is one plain line for Oz that names the image, in words of our own; `said` is
 * what the engine or the registry said, without credentials, and for the log alone. `isLocal`: no registry was asked.
 */
export type PullAnswer =
  | ({ readonly ok: true; readonly isLocal?: true } & Pulled)
  | { readonly ok: false; readonly isLocal?: true; readonly detail: string; readonly said?: string };

export interface Images {
  /**
   * Id of the image that a pull of that name will most likely come to: that of the last pull, else that of the image which
   * is here and has the daemon's platform. `undefined` where there is none, and where nothing is gained by knowing it since
   * the registry is not asked anyway. Rejects with an `EngineError`.
   */
  expected(image: string): Promise<string | undefined>;
  /** Gets an image for the daemon's platform. Equal pulls share one transfer. Rejects with the signal's reason. */
  pull(image: string, policy: CredentialPolicy, signal: AbortSignal): Promise<PullAnswer>;
}

export interface ImagesOptions {
  readonly engine: Engine;
  readonly watch: EngineWatch;
  readonly platform: Platform;
  readonly pullPolicy: () => PullPolicy;
  /** Rejects only with the signal's reason. */
  readonly credentials: (reference: ImageReference, signal: AbortSignal) => Promise<FoundLogin>;
  readonly clock: Clock;
  readonly log: Log;
}

export function createImages(options: ImagesOptions): Images {
  const { watch, platform, credentials } = options;
  const once = createPullOnce(options);
  const pullWithLogins = createPullWithLogins({ ...options, once });
  const shared = createSharedWork<LoginPullEnding>();

  async function transfer(reference: ImageReference, policy: CredentialPolicy, signal: AbortSignal) {
    const login = policy === "configured" ? await credentials(reference, signal) : undefined;
    const key = JSON.stringify([reference.pullName, reference.pullTag, policy, login?.auth?.fingerprint ?? null]);
    return await shared.join(key, signal, (own) => pullWithLogins(reference, policy, login, own));
  }

  async function get(
    image: string,
    reference: ImageReference,
    policy: CredentialPolicy,
    signal: AbortSignal,
  ): Promise<PullAnswer> {
    const name = shownImage(image);
    const pullPolicy = options.pullPolicy();
    const here = pullPolicy === "Always" ? undefined : await persist(watch, signal, () => once.look(reference, signal));
    if (here?.kind === "here") return { ok: true, isLocal: true, imageId: here.imageId, isUnchanged: true };
    const foreign = here?.kind === "foreign" ? `it is here for ${platformName(here.platform)}` : undefined;
    if (pullPolicy === "Never") {
      const why =
        foreign === undefined
          ? "it is not on this daemon"
          : `${foreign}, but this daemon runs ${platformName(platform)}`;
      const detail = `no image ${name}: ${why}, and image_pull_policy is Never: nothing is pulled`;
      return { ok: false, isLocal: true, detail };
    }
    const { answer, login } = await transfer(reference, policy, signal);
    if (answer.ok) return answer;
    const why = explainPull(answer, reference, platform, login);
    const detail = `could not pull image ${name}: ${why}${foreign === undefined ? "" : `; ${foreign}`}`;
    return { ok: false, detail, said: answer.said };
  }

  return {
    async expected(image) {
      const reference = parseImageReference(image);
      if (reference.kind === "invalid" || options.pullPolicy() !== "Always") return undefined;
      const last = once.remembered(reference);
      if (last !== undefined) return last;
      const here = await once.look(reference, new AbortController().signal);
      return here.kind === "here" ? here.imageId : undefined;
    },
    async pull(image, policy, signal) {
      const reference = parseImageReference(image);
      if (reference.kind === "invalid") return { ok: false, isLocal: true, detail: reference.reason };
      try {
        return await get(image, reference, policy, signal);
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (!(error instanceof EngineError)) throw error;
        const failure: PullFailure = { ok: false, kind: "daemon", said: describeError(error) };
        const why = explainPull(failure, reference, platform, undefined);
        return { ok: false, detail: `could not pull image ${shownImage(image)}: ${why}`, said: failure.said };
      }
    },
  };
}
