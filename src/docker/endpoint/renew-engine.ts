import type { Log } from "../../support/log.ts";
import type { Renewal } from "../engine/engine-watch.ts";
import type { ProbeResult } from "./probe.ts";

/** What is known of a daemon, until it is looked at anew. */
export type KnownEngine = Pick<Extract<ProbeResult, { kind: "usable" }>, "platform" | "apiVersion" | "engineVersion">;

export interface RenewalOptions {
  /** What the worker was started with: for its platform images are pulled. */
  readonly first: KnownEngine;
  /** The daemon as an operator would write it. */
  readonly where: string;
  /** Looks at the daemon that is there now. Never rejects. */
  readonly examine: () => Promise<ProbeResult>;
  /** From now on this API version is spoken. */
  readonly speak: (apiVersion: string) => void;
  readonly log: Log;
}

/** Looks at a daemon again that was away: another one may have come back, with another platform or API range. */
export function createRenewal(options: RenewalOptions): () => Promise<Renewal> {
  const { first, where, log } = options;
  let known = first;
  return async () => {
    const found = await options.examine();
    if (found.kind === "failed") {
      return found.hasAnswered ? { kind: "unusable", problem: found.problem } : { kind: "away" };
    }
    const [was, is] = [first, found].map(({ platform }) => `${platform.os}/${platform.architecture}`);
    if (was !== is) {
      const problem = `the Docker daemon at ${where} is another one by now: its platform is ${is} and was ${was}`;
      return { kind: "unusable", problem };
    }
    const isOther = found.apiVersion !== known.apiVersion || found.engineVersion !== known.engineVersion;
    if (isOther) {
      log.info("the Docker daemon is of another version now", {
        version: found.engineVersion,
        api: found.apiVersion,
        before: `${known.engineVersion} (API ${known.apiVersion})`,
      });
    }
    known = found;
    options.speak(found.apiVersion);
    return { kind: "usable", isOther };
  };
}
