import { type Parsed, parsed, refused } from "./parsed.ts";
import { type ReadFile, readConfigBytes } from "./read-file.ts";
import { oneLine } from "./shown.ts";
import { isUnfilled, withoutQuotes } from "./unfilled.ts";

/** The variable that holds the API key where no flag does. */
export const API_KEY_VARIABLE = "WARP_API_KEY";

/** The variable with the path of a file that holds the key: a secret of Docker, Kubernetes or systemd. */
export const API_KEY_FILE_VARIABLE = "WARP_API_KEY_FILE";

/** Where an operator gets a key, for error lines and the help. */
export const API_KEY_WAY_OUT = "create a key at https://oz.warp.dev/settings under API keys";

/**
 * Reads an API key: trimmed, since keys are pasted with line ends, and fit for an HTTP header. What can only be a slip
 * (quotes, a placeholder, a variable that was not filled in) is refused. Problems never show it.
 */
export function parseApiKey(text: string): Parsed<string> {
  const key = text.trim();
  if (key === "") return refused(`is blank; it takes the team API key (${API_KEY_WAY_OUT})`);
  const bare = withoutQuotes(key).trim();
  if (isUnfilled(bare)) {
    return refused("holds a variable or a template that nothing has filled in; it takes the key itself");
  }
  if (isPlaceholder(bare)) return refused(`is a placeholder or a shortened key; ${API_KEY_WAY_OUT}`);
  if (bare.startsWith(`${API_KEY_VARIABLE}=`)) {
    return refused(`starts with ${API_KEY_VARIABLE}= itself; it takes only what follows`);
  }
  if (bare !== key) {
    return refused(
      "stands in quotes, which would be sent as part of it; leave them out (env files of Docker keep them)",
    );
  }
  if (!/^[\x21-\x7e]+$/.test(key)) {
    return refused("holds white space or characters that no API key has; paste the key alone, without line breaks");
  }
  return parsed(key);
}

/** Reads the key in a file. Problems name the variable and the path, and never show what the file holds. */
export function readApiKeyFile(path: string, readFile: ReadFile = readConfigBytes): Parsed<string> {
  const name = `${API_KEY_FILE_VARIABLE}: ${oneLine(path)}`;
  if (path.trim() === "")
    return refused(`${API_KEY_FILE_VARIABLE} is blank; it takes the path of a file with the API key`);
  const content = readFile(path);
  if (content.kind === "unreadable") return refused(`${name} cannot be read: ${content.reason}`);
  const key = parseApiKey(new TextDecoder().decode(content.bytes));
  return key.ok ? key : refused(`${name}: what it holds ${key.problem}`);
}

/**
 * What documentation and forms show in the place of a key, as the whole of it, `wk-` before it or not. Each needs words
 * or signs that no random key has.
 */
const PLACEHOLDERS: readonly RegExp[] = [
  /^[[{(].*[\])}]$/,
  /^[-_.x*•]{3,}$/,
  /<.*>/,
  /^(?:.*[-_. ])?your(?:[-_. ].*|(?:api)?(?:key|token)(?:here)?)?$/,
  /^(?:insert|enter|paste|put|add|replace|change)[-_. ]?(?:.*[-_. ])?(?:me|this|here|key)$/,
  /^(?:(?:team|warp)_)*api_key$/,
  /^(?:placeholder|redacted|todo|tbd|null|none|nil|undefined)$/,
];
/** A key that was cut or masked where it is shown to people. */
const SHORTENED = /\.{3}|…|\*{3}|•{3}/;

function isPlaceholder(key: string): boolean {
  const words = key.toLowerCase().replace(/^wk[-_.]/, "");
  return SHORTENED.test(key) || PLACEHOLDERS.some((placeholder) => placeholder.test(words));
}
