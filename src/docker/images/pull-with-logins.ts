import type { Clock } from "../../support/clock.ts";
import type { Log } from "../../support/log.ts";
import type { EngineWatch } from "../engine/engine-watch.ts";
import type { ImageReference } from "../registry/image-reference.ts";
import type { FoundLogin } from "../registry/registry-auth.ts";
import { loginCommand, nameOf } from "./explain-pull.ts";
import { wantsLogin } from "./pull-failure.ts";
import { createPullNotice, type PullNotice } from "./pull-notice.ts";
import type { PullEnding, PullOnce } from "./pull-once.ts";
import { PULL_RETRIES, tryPulls } from "./pull-retries.ts";

/** Whose credentials a pull shows: `configured` at once, or only where a pull without any is denied or limited. */
export type CredentialPolicy = "configured" | "anonymous-first";

export interface LoginPullOptions {
  readonly once: PullOnce;
  readonly watch: EngineWatch;
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
    notice: PullNotice,
    signal: AbortSignal,
  ): Promise<LoginPullEnding> {
    const pull = (auth: FoundLogin["auth"]) => once.pull(reference, auth, notice, signal);
    const lookUp = () => {
      notice.at(() => "its login is looked for");
      return credentials(reference, signal);
    };
    const open = policy === "anonymous-first" ? await pull(undefined) : undefined;
    if (open !== undefined && !isRefused(open)) return { answer: open };

    let login = given ?? (await lookUp());
    let answer = open !== undefined && login.auth === undefined ? open : await pull(login.auth);
    if (isRefused(answer) && login.source?.kind === "helper" && login.source.hasFailed) {
      const before = login.auth?.fingerprint;
      login = await lookUp();
      const isOther = login.auth !== undefined && login.auth.fingerprint !== before;
      if (isOther) answer = await pull(login.auth);
    }
    if (answer.ok) refused.delete(login.auth?.fingerprint ?? "");
    if (answer.ok || answer.kind !== "denied" || login.auth === undefined) return { answer, login };
    const without = open ?? (await pull(undefined));
    // Without a login there may be more to be had, later: the limit is the reason, then.
    const isBetter = without.ok || without.kind === "limited";
    if (isBetter) warnOfRefusal(reference, login, answer.said);
    return { answer: isBetter ? without : answer, login };
  }

  return async (reference, policy, given, signal) => {
    const notice = createPullNotice(options, reference);
    const failureOf = ({ answer }: LoginPullEnding) => (answer.ok ? undefined : answer);
    try {
      return await tryPulls(PULL_RETRIES, { clock, notice, signal, failureOf }, async (failures) => {
        const login = failures === 0 ? given : undefined;
        const ending = await climb(reference, policy, login, notice, signal);
        const { answer } = ending;
        if (failures === 0 || !answer.ok) return ending;
        return { ...ending, answer: { ...answer, isUnchanged: false } };
      });
    } finally {
      notice.end();
    }
  };
}

function isRefused(answer: PullEnding): boolean {
  return !answer.ok && wantsLogin(answer);
}
