import type { Clock } from "../../support/clock.ts";
import { shorten } from "../../support/printable.ts";
import { createRedactor } from "../../support/redaction.ts";
import { createSharedWork } from "../../support/shared-work.ts";
import { createSlots, createSlotsByKey } from "../../support/slots.ts";
import type { Engine } from "../engine/engine.ts";
import { EngineError } from "../engine/engine-error.ts";
import { type EngineWatch, persist } from "../engine/engine-watch.ts";
import type { ImageReference } from "../registry/image-reference.ts";
import type { RegistryAuth } from "../registry/registry-auth.ts";
import { createAskRegistry } from "./ask-registry.ts";
import { findLocalImage, type LocalImage, localName, type Platform, platformName } from "./local-image.ts";
import { type PullFailure, toPullFailure } from "./pull-failure.ts";
import type { PullNotice } from "./pull-notice.ts";
import type { PullEnd } from "./pull-progress.ts";
import { SILENCE_RETRIES, tryPulls } from "./pull-retries.ts";

export interface PullOnceOptions {
  readonly engine: Engine;
  readonly watch: EngineWatch;
  readonly platform: Platform;
  readonly clock: Clock;
}

export interface Pulled {
  readonly imageId: string;
  /** The name stood for that image before the pull too: what was made by that name beside it was made from this image. */
  readonly isUnchanged: boolean;
}

/** An image, or why there is none. */
export type PullEnding = ({ readonly ok: true } & Pulled) | PullFailure;

type Here = Extract<LocalImage, { kind: "here" }>;

/** Single pulls, and looks at what is here. All but the failures of a pull reject with an `EngineError`. */
export interface PullOnce {
  /** What the last pull of that name came to, if it is known. The engine may have lost it since; only a pull can tell. */
  remembered(reference: ImageReference): string | undefined;
  /** The image of that name as it is here now; equal looks at once are one. */
  look(reference: ImageReference, signal: AbortSignal): Promise<LocalImage>;
  /**
   * Has the engine ask the registry with that login or none, once, or twice where it is silent; waits for a daemon that is
   * away.
   */
  pull(
    reference: ImageReference,
    auth: RegistryAuth | undefined,
    notice: PullNotice,
    signal: AbortSignal,
  ): Promise<PullEnding>;
}

/** Pulls at once from one registry, and in all: one that is slow must not hold up what others have. */
const PULLS_A_REGISTRY = 8;
const PULLS_AT_ONCE = 32;
const WAITS_FOR_TURN = `others are pulled first, ${PULLS_A_REGISTRY} at once from a registry and ${PULLS_AT_ONCE} in all`;
/** Characters of what others say that are kept. */
const MAX_SAID = 2_000;
/** How many names are remembered with what they came to. */
const MAX_KNOWN = 1000;

export function createPullOnce(options: PullOnceOptions): PullOnce {
  const { engine, watch, platform, clock } = options;
  const ask = createAskRegistry(options);
  const looks = createSharedWork<LocalImage>();
  const ofRegistry = createSlotsByKey(PULLS_A_REGISTRY);
  const ofAll = createSlots(PULLS_AT_ONCE);
  /** What the last pulls came to, by name. */
  const known = new Map<string, Here>();
  // It may be another engine, or the same with another store, where these ids say nothing.
  watch.onBack(() => known.clear());

  function remember(name: string, image: Here): void {
    known.delete(name);
    known.set(name, image);
    const oldest = known.size > MAX_KNOWN ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
  }

  function look(reference: ImageReference, signal: AbortSignal): Promise<LocalImage> {
    return looks.join(localName(reference), signal, () => findLocalImage(engine, reference, platform));
  }

  /** A pull that waits for its turn has asked nobody yet. */
  function transfer(
    reference: ImageReference,
    auth: RegistryAuth | undefined,
    notice: PullNotice,
    signal: AbortSignal,
  ): Promise<PullEnd | PullFailure> {
    const failureOf = (end: PullEnd | PullFailure) => ("kind" in end ? end : undefined);
    const tries = { clock, notice, signal, failureOf };
    notice.at(() => WAITS_FOR_TURN);
    return ofRegistry.with(reference.registry, signal, () =>
      ofAll.with(signal, () =>
        tryPulls(SILENCE_RETRIES, tries, () => notice.asking(() => ask(reference, auth, notice, signal))),
      ),
    );
  }

  async function attempt(
    reference: ImageReference,
    auth: RegistryAuth | undefined,
    notice: PullNotice,
    signal: AbortSignal,
  ): Promise<PullEnding> {
    const redact = createRedactor(auth?.secrets ?? []);
    const name = localName(reference);
    const before = known.get(name) ?? look(reference, signal).catch(() => undefined);
    try {
      const end = await transfer(reference, auth, notice, signal);
      notice.at(() => "the daemon is asked for what was pulled");
      if ("kind" in end) return end;
      if (end.failure !== undefined) return toFailure(end.failure, reference, redact);
      const here = await before;
      if (isUnchanged(here, end)) {
        remember(name, here);
        return { ok: true, imageId: here.imageId, isUnchanged: true };
      }
      const found = await look(reference, signal);
      if (found.kind !== "here") return unusable(found);
      remember(name, found);
      return { ok: true, imageId: found.imageId, isUnchanged: false };
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      if (error.kind === "status") return toFailure(error.message, reference, redact);
      throw error;
    }
  }

  return {
    remembered: (reference) => known.get(localName(reference))?.imageId,
    look,
    async pull(reference, auth, notice, signal) {
      let tries = 0;
      const answer = await persist(watch, signal, () => {
        tries += 1;
        return attempt(reference, auth, notice, signal);
      });
      // One that broke may have moved the name.
      return answer.ok && tries > 1 ? { ...answer, isUnchanged: false } : answer;
    },
  };
}

/** A registry may repeat what it was shown. */
function toFailure(said: string, reference: ImageReference, redact: (text: string) => string): PullFailure {
  return { ...toPullFailure(said, reference), said: shorten(redact(said), MAX_SAID) };
}

/** What was pulled, and cannot be used. */
function unusable(found: Exclude<LocalImage, { kind: "here" }>): PullFailure {
  if (found.kind === "absent") return { ok: false, kind: "removed", said: "no such image after the pull" };
  const builtFor = platformName(found.platform);
  return { ok: false, kind: "platform", said: `what was pulled is built for ${builtFor}`, builtFor };
}

/** Whether the registry has what was here all the time: then there is nothing to ask the engine. */
function isUnchanged(here: LocalImage | undefined, { digest, isUpToDate }: PullEnd): here is Here {
  return here?.kind === "here" && isUpToDate === true && digest !== undefined && here.digests.includes(digest);
}
