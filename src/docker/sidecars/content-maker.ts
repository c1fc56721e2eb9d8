import type { Log } from "../../support/log.ts";
import type { Engine } from "../engine/engine.ts";
import { LABELS, type ObjectKind } from "../records/labels.ts";
import type { Seals } from "../records/seals.ts";

/** Who makes the objects of sidecars, and what proves that. */
export interface ContentMaker {
  readonly engine: Engine;
  readonly seals: Seals;
  /** The text of the owner label. */
  readonly owner: string;
  /** What time it is where the engine runs. */
  readonly now: () => number;
  readonly log: Log;
}

/** The labels of what helps to copy an image, under the name that it is to have. */
export function helperLabels(
  { seals, owner, now }: ContentMaker,
  name: string,
  imageId: string,
): Record<string, string> {
  return seals.seal(name, {
    [LABELS.kind]: "sidecar-source" satisfies ObjectKind,
    [LABELS.owner]: owner,
    [LABELS.imageId]: imageId,
    [LABELS.createdAt]: String(now()),
  });
}
