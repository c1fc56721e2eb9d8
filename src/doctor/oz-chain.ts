import { type Finding, skip } from "./finding.ts";

/** The way to Oz: each of these checks needs those before it. */
const CHAIN = ["dns", "proxy", "tls", "oz"];

/** Leaves of several failures on the way to Oz the first one, which is the cause of the others. */
export function blameFirst(findings: readonly Finding[]): readonly Finding[] {
  const failed = new Set(findings.filter(({ status }) => status === "fail").map(({ check }) => check));
  const first = CHAIN.findIndex((check) => failed.has(check));
  if (first < 0) return findings;
  const cause = CHAIN[first] ?? "";
  return findings.map((found) =>
    found.status === "fail" && CHAIN.indexOf(found.check) > first
      ? skip(found.check, `not possible before ${cause} is mended`)
      : found,
  );
}
