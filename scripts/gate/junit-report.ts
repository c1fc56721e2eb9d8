/** What a JUnit report of `bun test` says. */
export interface JunitReport {
  readonly tests: number;
  readonly failures: number;
  readonly skipped: number;
  /** Test files that the report names, each once. */
  readonly files: readonly string[];
}

/** Reads the report that `bun test --reporter=junit` writes; undefined for a text that is none. */
export function parseJunitReport(text: string): JunitReport | undefined {
  const head = /<testsuites\s[^>]*>/.exec(text)?.[0];
  if (head === undefined || !text.trimEnd().endsWith("</testsuites>")) return undefined;
  const tests = numberAttribute(head, "tests");
  const failures = numberAttribute(head, "failures");
  const skipped = numberAttribute(head, "skipped");
  if (tests === undefined || failures === undefined || skipped === undefined) return undefined;
  const files = [...text.matchAll(/<testsuite\s[^>]*?\sfile="([^"]*)"/g)].map((match) => match[1] ?? "");
  return { tests, failures, skipped, files: [...new Set(files)] };
}

function numberAttribute(element: string, name: string): number | undefined {
  const digits = new RegExp(`\\s${name}="(\\d+)"`).exec(element)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
