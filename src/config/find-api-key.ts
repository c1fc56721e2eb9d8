import { API_KEY_FILE_VARIABLE, API_KEY_VARIABLE, API_KEY_WAY_OUT, parseApiKey, readApiKeyFile } from "./api-key.ts";
import { type Parsed, parsed, refused } from "./parsed.ts";
import type { ReadFile } from "./read-file.ts";

/** A key, the file that it stands in, and where that was said. */
export interface FoundKey {
  readonly key: Parsed<string>;
  readonly file?: string;
  readonly origin: string;
}

/** The key of the flag, else of the environment, else of the file that the environment names. */
export function findApiKey(
  flag: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  readFile?: ReadFile,
): FoundKey {
  const { [API_KEY_VARIABLE]: text, [API_KEY_FILE_VARIABLE]: file } = env;
  if (flag !== undefined) return { key: parsed(flag), origin: "--api-key" };
  if (text !== undefined) {
    const key = parseApiKey(text);
    const origin = API_KEY_VARIABLE;
    return { key: key.ok ? key : refused(`${API_KEY_VARIABLE} (or --api-key): ${key.problem}`), origin };
  }
  if (file !== undefined) return { key: readApiKeyFile(file, readFile), file, origin: API_KEY_FILE_VARIABLE };
  const places = `here, as ${API_KEY_VARIABLE} in the environment, or in a file that ${API_KEY_FILE_VARIABLE} names`;
  return { key: refused(`--api-key: required, ${places}; ${API_KEY_WAY_OUT}`), origin: "missing" };
}
