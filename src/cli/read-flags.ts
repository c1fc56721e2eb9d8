import { parseArgs } from "node:util";
import type { FoundCommand } from "./command.ts";
import { type FlagName, type FlagValues, flagNames } from "./flag.ts";
import { missingWord, strayWord, unknownFlag } from "./word-problems.ts";

/** What the words behind a command say, their values not yet looked at. */
export type FlagWords =
  | { readonly kind: "values"; readonly values: FlagValues }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  /** The first word that makes no sense: those after it may be misread because of it. */
  | { readonly kind: "problem"; readonly line: string };

type Token = NonNullable<ReturnType<typeof tokensOf>>[number];
type OptionToken = Extract<Token, { kind: "option" }>;

/** Reads the words behind a command by its table of flags. Problems name the flag, never a value: it may be a secret. */
export function readFlags(found: FoundCommand): FlagWords {
  const { command, rest } = found;
  const names = flagNames(command.args);
  const tokens = tokensOf(rest, names);
  for (const kind of ["help", "version"] as const) {
    if (Object.hasOwn(command.args, kind) && tokens.some((token) => asksFor(kind, token, rest))) return { kind };
  }
  const values: Record<string, string[]> = {};
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      const operand = command.operands.find(({ name }) => values[name] === undefined);
      if (operand === undefined) return { kind: "problem", line: strayWord(token.index, found) };
      values[operand.name] = [token.value];
      continue;
    }
    const word = rest[token.index] ?? "";
    const named = names.find(({ written }) => written === token.name);
    if (named === undefined || isLongNameWithOneDash(word, names)) {
      // Of a row of short flags only the letter is shown: the rest may be a value.
      const isWhole = token.rawName.startsWith("--") || isLongNameWithOneDash(word, names);
      return { kind: "problem", line: unknownFlag(isWhole ? nameIn(word) : token.rawName, found) };
    }
    const read = valueFor(token, named, names);
    if (!read.ok) return { kind: "problem", line: read.line };
    const list = values[named.name] ?? [];
    list.push(read.value);
    values[named.name] = list;
  }
  const missing = command.operands.find(({ name, optional }) => optional !== true && values[name] === undefined);
  return missing === undefined ? { kind: "values", values } : { kind: "problem", line: missingWord(missing, found) };
}

/** What of a word can be the name of a flag. The rest may be a value: `--api-key KEY` in one pair of quotes is one word. */
function nameIn(word: string): string {
  return /^-+[\w-]*/.exec(word)?.[0] ?? "";
}

/**
 * Not strict: the tokens hold everything, and the parser's own errors name neither what a flag takes nor the way out.
 */
function tokensOf(words: readonly string[], names: readonly FlagName[]) {
  const options = Object.fromEntries(
    names.map(({ written, flag, negated }) => [
      written,
      { type: flag.type, ...(flag.alias === undefined || negated ? {} : { short: flag.alias }) },
    ]),
  );
  return parseArgs({ args: [...words], options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

/** True also where the flag was taken for the value of the one before it: `--worker-id --help`. */
function asksFor(name: "help" | "version", token: Token, words: readonly string[]): boolean {
  if (token.kind !== "option") return false;
  const isShort = name === "help" && token.inlineValue === false && token.value === "-h";
  if (isShort || (token.inlineValue === false && token.value === `--${name}`)) return true;
  // A letter within a word such as -what is no request for help.
  return token.name === name && (token.rawName === `--${name}` || (words[token.index] ?? "").startsWith(token.rawName));
}

function valueFor(
  token: OptionToken,
  { written, flag, negated }: FlagName,
  names: readonly FlagName[],
): { readonly ok: true; readonly value: string } | { readonly ok: false; readonly line: string } {
  const label = `--${written}${flag.alias === undefined ? "" : ` (-${flag.alias})`}`;
  if (flag.type === "boolean") {
    const value = token.value ?? "true";
    if (value !== "true" && value !== "false") return { ok: false, line: `${label}: takes no value` };
    return { ok: true, value: String((value === "true") !== negated) };
  }
  if (token.value === undefined) return { ok: false, line: `${label}: needs a value; it takes ${flag.takes}` };
  if (!token.inlineValue && looksLikeFlag(token.value, names)) {
    const wayOut = `a value that starts with a dash is written --${written}=VALUE`;
    return { ok: false, line: `${label}: needs a value and a flag follows; it takes ${flag.takes} (${wayOut})` };
  }
  const isShort = !token.rawName.startsWith("--");
  // `-v=a:b` is how other flag parsers have it; the `=` is not of the value.
  return { ok: true, value: isShort && token.inlineValue ? token.value.replace(/^=/, "") : token.value };
}

/** `--anything`, or one of the short flags, alone or with its value behind it. */
function looksLikeFlag(value: string, names: readonly FlagName[]): boolean {
  const startsShort = ({ flag }: FlagName) => flag.alias !== undefined && value.startsWith(`-${flag.alias}`);
  return value.startsWith("--") || names.some(startsShort);
}

/** `-worker-id`, which would be read as a row of short flags, and `-env`, which would be the variable `nv`. */
function isLongNameWithOneDash(word: string, names: readonly FlagName[]): boolean {
  const name = /^-([a-z][a-z-]+)(?:=|$)/.exec(word)?.[1];
  return name !== undefined && names.some(({ written }) => written === name);
}
