import type { Clock } from "../../support/clock.ts";
import { createQuietTimer } from "../../support/quiet-timer.ts";
import type { Engine } from "../engine/engine.ts";
import { enginePath } from "../engine/engine-path.ts";
import type { ImageReference } from "../registry/image-reference.ts";
import type { RegistryAuth } from "../registry/registry-auth.ts";
import { createLayerProgress } from "./layer-progress.ts";
import { type Platform, platformName } from "./local-image.ts";
import type { PullFailure } from "./pull-failure.ts";
import type { PullNotice } from "./pull-notice.ts";
import { type PullEnd, readPullProgress } from "./pull-progress.ts";

export interface AskOptions {
  readonly engine: Engine;
  readonly platform: Platform;
  readonly clock: Clock;
}

/** Has the engine ask the registry once. Rejects with an `EngineError`. */
export type AskRegistry = (
  reference: ImageReference,
  auth: RegistryAuth | undefined,
  notice: PullNotice,
  signal: AbortSignal,
) => Promise<PullEnd | PullFailure>;

/** Without anything new from the registry for that long a pull is given up. */
export const REGISTRY_SILENCE_MS = 120_000;
/** The same while the daemon checks and unpacks what it has: some engines say nothing until all is done. */
const DAEMON_SILENCE_MS = 30 * 60_000;
/** Beyond both, so that the clock of this room decides. */
const ANSWER_LIMIT_MS = REGISTRY_SILENCE_MS + 60_000;
const PING_LIMIT_MS = 5_000;

export function createAskRegistry({ engine, platform, clock }: AskOptions): AskRegistry {
  return async (reference, auth, notice, signal) => {
    const abort = new AbortController();
    const layers = createLayerProgress();
    let words = () => "the registry was asked and has not answered yet";
    let newsAt = clock.now();
    let failure: PullFailure | undefined;

    const quiet = createQuietTimer(clock, giveUp);
    function giveUp(): void {
      const seconds = Math.round((clock.now() - newsAt) / 1000);
      const kind = layers.isRegistrysTurn() ? "silent" : "daemon";
      failure = { ok: false, kind, said: `nothing new for ${seconds} s: ${words()}` };
      abort.abort();
    }
    function heard(): void {
      newsAt = clock.now();
      quiet.restart(layers.isRegistrysTurn() ? REGISTRY_SILENCE_MS : DAEMON_SILENCE_MS);
    }
    const onAbort = () => abort.abort();

    notice.at(() => words());
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    heard();
    try {
      const stream = await engine.open({
        method: "POST",
        path: enginePath`/images/create`,
        query: { fromImage: reference.pullName, tag: reference.pullTag, platform: platformName(platform) },
        ...(auth ? { headers: { "X-Registry-Auth": auth.header } } : {}),
        signal: abort.signal,
        limitMs: ANSWER_LIMIT_MS,
      });
      words = () => layers.describe();
      return await readPullProgress(stream, abort.signal, (line) => {
        if (layers.take(line)) heard();
      });
    } catch (error) {
      if (failure === undefined) throw error;
      // A daemon that does not answer either says nothing of the registry.
      await engine.run({ method: "GET", path: enginePath`/_ping`, isUrgent: true, limitMs: PING_LIMIT_MS, signal });
      return failure;
    } finally {
      quiet.cancel();
      signal.removeEventListener("abort", onAbort);
    }
  };
}
