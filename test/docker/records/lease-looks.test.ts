import { describe, expect, test } from "bun:test";
import { createLeaseLooks } from "../../../src/docker/records/lease-looks.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const TOKEN = "0123456789abcdef";

/** Looks every `everyMs`, and sees at each what `numbers` say; answers after which looks the lease counts as lapsed. */
function looks(numbers: readonly (readonly number[])[], everyMs: number | readonly number[]): readonly boolean[] {
  const clock = new ManualClock(1_000);
  const leases = createLeaseLooks(clock);
  return numbers.map((seen, look) => {
    if (look > 0) clock.advance(typeof everyMs === "number" ? everyMs : (everyMs[look - 1] ?? 0));
    leases.see([TOKEN], () => seen);
    return leases.hasLapsed(TOKEN);
  });
}

describe("a lease of another worker", () => {
  test.each([
    ["that stands still is gone after 90 s", [[4], [4], [4], [4], [4]], 25_000, [false, false, false, false, true]],
    ["that moves lives", [[4], [5], [6], [8], [9]], 25_000, [false, false, false, false, false]],
    ["that moved once begins anew", [[4], [4], [4], [5], [5]], 40_000, [false, false, false, false, false]],
    ["that is cleared away has not moved", [[4, 5], [5], [], [], []], 25_000, [false, false, false, false, true]],
    ["that was never there is gone as well", [[], [], [], [], []], 25_000, [false, false, false, false, true]],
    ["is not judged by two looks", [[4], [4]], 59_000, [false, false]],
    [
      "is not judged across a time without looks",
      [[4], [4], [4], [4]],
      [59_000, 300_000, 25_000],
      [false, false, false, false],
    ],
  ] as const)("%s", (_, numbers, everyMs, expected) => {
    expect(looks(numbers, everyMs)).toEqual([...expected]);
  });

  test("begins anew where the daemon was away", () => {
    const clock = new ManualClock();
    const leases = createLeaseLooks(clock);
    for (const look of [1, 2, 3, 4, 5, 6]) {
      if (look === 4) leases.forget();
      leases.see([TOKEN], () => [1]);
      clock.advance(30_000);
    }
    expect(leases.hasLapsed(TOKEN)).toBe(false);
  });
});
