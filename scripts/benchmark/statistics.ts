/** The middle one of some figures, or the mean of the middle two. NaN for none. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN;
  return (lower + upper) / 2;
}

/** How far the middle half of some figures is spread, as a part of their median: what a difference must exceed. */
export function spread(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.round((sorted.length - 1) * part)] ?? Number.NaN;
  return (at(0.75) - at(0.25)) / median(figures);
}

/**
 * The slope of a line through points whose distance is one: the median of the slopes between all pairs, which a single
 * high point does not move. 0 for fewer than two.
 */
export function growthPerStep(figures: readonly number[]): number {
  const slopes = figures.flatMap((from, index) =>
    figures.slice(index + 1).map((to, distance) => (to - from) / (distance + 1)),
  );
  return slopes.length === 0 ? 0 : median(slopes);
}

/** How far such points lie around their line, from the lowest to the highest: what a growth must exceed to be one. */
export function noiseAroundGrowth(figures: readonly number[]): number {
  const slope = growthPerStep(figures);
  const rest = figures.map((figure, index) => figure - slope * index);
  return rest.length === 0 ? 0 : Math.max(...rest) - Math.min(...rest);
}
