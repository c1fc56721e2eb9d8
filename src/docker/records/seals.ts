import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { LABELS, type LabelMap, type ObjectKind } from "./labels.ts";

/**
 * What a seal says of an object: `sealed` with this key, for this name and these labels; `broken` where this key has sealed
 * something else; `strange` where there is none of this key.
 */
export type SealState = "sealed" | "broken" | "strange";

/**
 * Proves what was made with the team's API key. Names and labels on a daemon can be written, and copied, by whoever may
 * create something there; a seal cannot be made without the key, and holds for one name with one set of labels. Nothing
 * about the key follows from what is on the daemon.
 */
export interface Seals {
  /** The labels of an object of that name, with its seal. */
  seal(name: string, labels: LabelMap): Record<string, string>;
  stateOf(name: string, labels: LabelMap): SealState;
  /** A part for names that nobody can foretell without the key; 64 bits, hexadecimal. */
  tag(text: string): string;
}

const EXECUTION = ["workerId", "taskId", "executionId", "owner", "attempt", "createdAt"] as const;
/**
 * The labels that a seal covers, in this order. Whoever makes an object sets all of them, so that a container has none of
 * them from its image.
 */
const COVERED: Readonly<Partial<Record<string, readonly (keyof typeof LABELS)[]>>> = {
  task: EXECUTION,
  claim: EXECUTION,
  verdict: [...EXECUTION, "verdict"],
  heir: EXECUTION,
  lease: ["workerId", "owner", "createdAt"],
  private: [...EXECUTION, "imageId"],
  sidecar: ["owner", "imageId", "imageReference", "createdAt", "volume"],
  "sidecar-source": ["owner", "imageId", "createdAt"],
} satisfies Record<Exclude<ObjectKind, "done">, readonly (keyof typeof LABELS)[]>;

const PURPOSE = "oz-agent-worker records";
/** Tells keys apart, and is no part of one. */
const KEY_ID_LENGTH = 8;
const MAC_LENGTH = 32;

/** The seals of a team's API key. */
export function createSeals(apiKey: string): Seals {
  const key = Buffer.from(hkdfSync("sha256", apiKey, "", PURPOSE, 32));
  const mac = (use: string, text: string) => createHmac("sha256", key).update(`${use}\n${text}`).digest("hex");
  const keyId = mac("id", "").slice(0, KEY_ID_LENGTH);

  function sealOf(name: string, labels: LabelMap): string | undefined {
    const kind = labels[LABELS.kind] ?? "";
    const covered = Object.hasOwn(COVERED, kind) ? COVERED[kind] : undefined;
    if (covered === undefined) return undefined;
    const text = JSON.stringify([kind, name, ...covered.map((label) => labels[LABELS[label]] ?? null)]);
    return `${keyId}.${mac("seal", text).slice(0, MAC_LENGTH)}`;
  }

  return {
    seal(name, labels) {
      const seal = sealOf(name, labels);
      if (seal === undefined) throw new Error("an object of a kind that has no seal");
      return { ...labels, [LABELS.seal]: seal };
    },
    stateOf(name, labels) {
      const found = labels[LABELS.seal];
      if (!found?.startsWith(`${keyId}.`)) return "strange";
      const right = sealOf(name, labels);
      return right !== undefined && isSame(found, right) ? "sealed" : "broken";
    },
    tag: (text) => mac("tag", text).slice(0, 16),
  };
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
