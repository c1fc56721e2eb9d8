import { escapeUnprintable, shorten } from "../../support/printable.ts";
import { createRedactor, REDACTED } from "../../support/redaction.ts";

const MAX_SHOWN = 200;

/** Variables that every shell has: their values are no secrets, and without them a message about a path says nothing. */
const PLAIN_VARIABLES =
  /^(HOME|PATH|PWD|OLDPWD|SHELL|USER|LOGNAME|LANG|LC_.*|TERM|TZ|HOSTNAME|TMPDIR|XDG_.*|DOCKER_(CONFIG|HOST|CONTEXT|CERT_PATH)|SSL_CERT_FILE|AWS_(DEFAULT_)?REGION)$/;

/** The values of an environment that must not be shown. */
export function secretsOfEnvironment(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.entries(env).flatMap(([name, value]) => (value && !PLAIN_VARIABLES.test(name) ? [value] : []));
}

/**
 * The line of a failed helper's output that says why, fit for the log: one bounded line, without the given secrets and
 * without what looks like one. Empty where the helper said nothing that could be shown.
 */
export function describeHelperOutput(stdout: string, stderr: string, secrets: readonly string[]): string {
  const redact = createRedactor([...secrets, ...secretsOfAnswer(stdout)]);
  // Helpers speak through stdout as well, but what looks like an answer is one, however it ended.
  const line = lastLine(stderr) || (/[{}]/.test(stdout) ? "" : lastLine(stdout));
  return escapeUnprintable(shorten(maskPatterns(redact(stripEscapes(line))), MAX_SHOWN));
}

function lastLine(text: string): string {
  return (
    text
      .trimEnd()
      .split(/[\r\n]+/)
      .at(-1)
      ?.trim() ?? ""
  );
}

/** Colours would be left as rubbish between the words. */
function stripEscapes(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences start with one.
  return text.replace(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, "");
}

function maskPatterns(text: string): string {
  return text
    .replace(/\b(bearer|basic)\s+[^\s"',;]+/gi, `$1 ${REDACTED}`)
    .replace(
      /\b(\w*(?:passw(?:or)?d|secret|token|authorization|api[-_]?key))(["']?\s*[:=]\s*)(["']?)[^\s"',;}]+/gi,
      `$1$2$3${REDACTED}`,
    )
    .replace(/[A-Za-z0-9+/_=-]{24,}/g, (run) => (looksRandom(run) ? REDACTED : run));
}

/** Paths and words with dashes are long too; what mixes cases and digits without a break is not written by people. */
function looksRandom(run: string): boolean {
  return run.split(/[/_-]/).some((part) => part.length >= 20 && /\d/.test(part) && /[A-Za-z]/.test(part));
}

function secretsOfAnswer(stdout: string): readonly string[] {
  return [...stdout.matchAll(/"(?:secret|password|token)"\s*:\s*("[^"\\]*(?:\\.[^"\\]*)*")/gi)].flatMap((match) => {
    try {
      const value: unknown = JSON.parse(match[1] ?? "");
      return typeof value === "string" ? [value] : [];
    } catch {
      return [];
    }
  });
}
