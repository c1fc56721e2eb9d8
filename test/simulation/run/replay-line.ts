import { type FaultPoint, POINT_KINDS } from "../world/effects.ts";

/**
 * One run, as a person can write it down: `success kill-before@12 link-cut@30`, `success~3` for the third of the orders in
 * which things may happen that are ready at once, or `seed 17`.
 */
export type ReplayLine =
  | {
      readonly kind: "scenario";
      readonly name: string;
      readonly order?: number;
      readonly points: readonly FaultPoint[];
    }
  | { readonly kind: "seed"; readonly seed: number };

export function writeReplayLine(line: ReplayLine): string {
  if (line.kind === "seed") return `seed ${line.seed}`;
  const order = line.order === undefined ? "" : `~${line.order}`;
  return [line.name + order, ...line.points.map(({ kind, at }) => `${kind}@${at}`)].join(" ");
}

/** Reads such a line; `undefined` for what is none. */
export function readReplayLine(text: string): ReplayLine | undefined {
  const [first = "", ...rest] = text.trim().split(/\s+/);
  const [, name = "", order] = /^([a-z-]+)(?:~(\d+))?$/.exec(first) ?? [];
  if (name === "seed") return /^\d+$/.test(rest[0] ?? "") ? { kind: "seed", seed: Number(rest[0]) } : undefined;
  const points = rest.map(readPoint);
  if (name === "" || points.some((point) => point === undefined)) return undefined;
  return {
    kind: "scenario",
    name,
    ...(order === undefined ? {} : { order: Number(order) }),
    points: points.filter((point) => point !== undefined),
  };
}

function readPoint(text: string): FaultPoint | undefined {
  const [, word, at] = /^([a-z-]+)@(\d+)$/.exec(text) ?? [];
  const kind = POINT_KINDS.find((one) => one === word);
  return kind === undefined ? undefined : { kind, at: Number(at) };
}
