import { type Clock, pause } from "../../support/clock.ts";
import type { Log } from "../../support/log.ts";
import type { ImageReference } from "../registry/image-reference.ts";
import type { FoundLogin } from "../registry/registry-auth.ts";
import { loginCommand, nameOf } from "./explain-pull.ts";
import { delayBeforeRetry, wantsLogin } from "./pull-failure.ts";
import type { PullEnding, PullOnce } from "./pull-once.ts";

/** Whose credentials a pull shows: `configured` at once, or only where a pull without any is denied or limited. */
export type CredentialPolicy = "configured" | "anonymous-first";

export interface LoginPullOptions {
  readonly once: PullOnce;
  /** Rejects only with the signal's reason. */
  readonly credentials: (reference: ImageReference, signal: AbortSignal) => Promise<FoundLogin>;
  readonly clock: Clock;
  readonly log: Log;
}

/** How a pull has ended, and the login that was found where one was looked for. */
export interface LoginPullEnding {
  readonly answer: PullEnding;
  readonly login?: FoundLogin;
}

export type PullWithLogins = (
  reference: ImageReference,
  policy: CredentialPolicy,
  /** The login, where it was looked for already. */
  login: FoundLogin | undefined,
  signal: AbortSignal,
) => Promise<LoginPullEnding>;

/** How many logins are remembered as refused, so that each is warned of once. */
const MAX_REFUSED = 100;

/**
 * Pulls with the logins that there are, and again where it may help: a login that is refused does not keep a public image
 * away, and one that could not be had is asked for again before a denial is final. Rejects with the signal's reason or an
 * `EngineError`.
 */
export function createPullWithLogins(options: LoginPullOptions): PullWithLogins {
  const { once, credentials, clock, log } = options;
  const refused = new Set<string>();

  function warnOfRefusal(reference: ImageReference, login: FoundLogin, said: string): void {
    const fingerprint = login.auth?.fingerprint ?? "";
    const level = refused.has(fingerprint) ? "debug" : "warn";
    if (refused.size >= MAX_REFUSED) refused.clear();
    refused.add(fingerprint);
    log[level](
      `the login that ${nameOf(login)} has for a registry is refused; going on without it: ${loginCommand(reference)} renews it`,
      { registry: reference.registry, image: reference.familiar, said },
    );
  }

  async function climb(
    reference: ImageReference,
    policy: CredentialPolicy,
    given: FoundLogin | undefined,
    signal: AbortSignal,
  ): Promise<LoginPullEnding> {
    const open = policy === "anonymous-first" ? await once.pull(reference, undefined, signal) : undefined;
    if (open !== undefined && !isRefused(open)) return { answer: open };

    let login = given ?? (await credentials(reference, signal));
    let answer = open !== undefined && login.auth === undefined ? open : await once.pull(reference, login.auth, signal);
    if (isRefused(answer) && login.source?.kind === "helper" && login.source.hasFailed) {
      const before = login.auth?.fingerprint;
      login = await credentials(reference, signal);
      const isOther = login.auth !== undefined && login.auth.fingerprint !== before;
      if (isOther) answer = await once.pull(reference, login.auth, signal);
    }
    if (answer.ok) refused.delete(login.auth?.fingerprint ?? "");
    if (answer.ok || answer.kind !== "denied" || login.auth === undefined) return { answer, login };
    const without = open ?? (await once.pull(reference, undefined, signal));
    // Without a login there may be more to be had, later: the limit is the reason, then.
    const isBetter = without.ok || without.kind === "limited";
    if (isBetter) warnOfRefusal(reference, login, answer.said);
    return { answer: isBetter ? without : answer, login };
  }

  return async (reference, policy, login, signal) => {
    for (let failures = 0; ; failures += 1) {
      const ending = await climb(reference, policy, failures === 0 ? login : undefined, signal);
      const { answer } = ending;
      if (answer.ok) return failures === 0 ? ending : { ...ending, answer: { ...answer, isUnchanged: false } };
      const delayMs = delayBeforeRetry(answer, failures);
      if (delayMs === undefined) return ending;
      log.warn("a pull failed and is tried again", {
        image: reference.familiar,
        reason: answer.kind,
        said: answer.said,
        delaySeconds: delayMs / 1000,
      });
      await pause(clock, delayMs, signal);
      if (signal.aborted) throw signal.reason;
    }
  };
}

function isRefused(answer: PullEnding): boolean {
  return !answer.ok && wantsLogin(answer);
}
