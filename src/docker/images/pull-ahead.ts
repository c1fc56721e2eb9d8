import type { Images } from "./images.ts";
import type { CredentialPolicy } from "./pull-with-logins.ts";

/** A pull that somebody will ask for. */
export interface WantedPull {
  readonly image: string;
  readonly policy: CredentialPolicy;
}

/** Images, some of whose pulls are under way before they are asked for. Each of these answers once. */
export interface PullsAhead extends Images {
  /** Gives up the pulls that nobody has asked for. */
  end(): void;
}

/** Begins pulls. Who asks for one of them later gets its answer, and its signal ends it from then on. */
export function pullAhead(images: Images, wanted: readonly WantedPull[]): PullsAhead {
  const begun = wanted.map(({ image, policy }) => {
    const abort = new AbortController();
    const answer = images.pull(image, policy, abort.signal);
    // It may fail before anybody asks, and is nobody's failure then.
    answer.catch(() => {});
    return { image, policy, abort, answer };
  });
  return {
    expected: (image) => images.expected(image),
    pull(image, policy, signal) {
      const index = begun.findIndex((one) => one.image === image && one.policy === policy);
      const [taken] = index < 0 ? [] : begun.splice(index, 1);
      if (taken === undefined) return images.pull(image, policy, signal);
      const end = () => taken.abort.abort(signal.reason);
      if (signal.aborted) end();
      else signal.addEventListener("abort", end, { once: true });
      return taken.answer.finally(() => signal.removeEventListener("abort", end));
    },
    end() {
      for (const { abort } of begun.splice(0)) abort.abort();
    },
  };
}
