import { escapeUnprintable } from "../support/printable.ts";
import type { Finding, Status } from "./finding.ts";

const WORDS: Readonly<Record<Status, string>> = { ok: "ok", warn: "warn", fail: "FAIL", skip: "skip" };
const CHECK_WIDTH = 10;

/** A line a finding, in their order. */
export function findingsAsText(findings: readonly Finding[]): string {
  return findings
    .map(({ check, status, said, mend }) => {
      const head = `${WORDS[status].padEnd(4)}  ${check.padEnd(CHECK_WIDTH)}`;
      return `${escapeUnprintable(`${head} ${said}${mend === undefined ? "" : `; mend: ${mend}`}`)}\n`;
    })
    .join("");
}

/** A list of objects with the same four fields each; `mend` is null where nothing is to be done. */
export function findingsAsJson(findings: readonly Finding[]): string {
  const all = findings.map(({ check, status, said, mend = null }) => ({ check, status, said, mend }));
  return `${JSON.stringify(all, undefined, 2)}\n`;
}

/** Whether a worker can run here, as far as the findings tell. */
export function isFit(findings: readonly Finding[]): boolean {
  return findings.every(({ status }) => status !== "fail");
}
