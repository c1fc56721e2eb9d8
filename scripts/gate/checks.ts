/** A check of the source that is one command. */
export interface Check {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

/** Format, lint with the import directions, and types. */
export const CHECKS: readonly Check[] = [
  { name: "format and lint", command: ["node_modules/.bin/biome", "ci", "--colors=off", "."] },
  { name: "types", command: ["node_modules/.bin/tsc", "--noEmit"] },
];

/** Runs a check; its output is shown only where it fails. */
export async function runCheck(check: Check, signal: AbortSignal): Promise<{ passed: boolean; output: string }> {
  const child = Bun.spawn([...check.command], { stdin: "ignore", stdout: "pipe", stderr: "pipe", signal });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { passed: code === 0, output: `${stdout}${stderr}`.trim() };
}
