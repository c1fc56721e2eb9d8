import { parseArgs } from "node:util";
import { FLAG_LIST, FLAGS, type Flag, type FlagName, isFlagName } from "./flag-table.ts";
import { nearest } from "./nearest.ts";
import { oneLine } from "./shown.ts";

/** The values of each flag in the order they were given; switches have `true` or `false`. */
export type FlagValues = Partial<Readonly<Record<FlagName, readonly string[]>>>;

/** What the words of a command line say, their values not yet looked at. */
export type FlagWords =
  | { readonly kind: "flags"; readonly values: FlagValues; readonly cleanup: boolean | undefined }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  /** The first word that makes no sense: those after it may be misread because of it. */
  | { readonly kind: "problem"; readonly line: string };

type Token = NonNullable<ReturnType<typeof tokensOf>>[number];
type OptionToken = Extract<Token, { kind: "option" }>;

/** Reads the words after the program's name. Problems name the flag, never a value: it may be a secret. */
export function parseFlags(argv: readonly string[]): FlagWords {
  const tokens = tokensOf(argv);
  if (tokens.some((token) => asksFor("help", token, argv))) return { kind: "help" };
  if (tokens.some((token) => asksFor("version", token, argv))) return { kind: "version" };
  const values: Partial<Record<FlagName, string[]>> = {};
  let cleanup: boolean | undefined;
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") return { kind: "problem", line: positionalProblem(token.index) };
    const name = token.name;
    const word = argv[token.index] ?? "";
    if (!isFlagName(name) || isLongNameWithOneDash(word)) return { kind: "problem", line: unknownProblem(token, word) };
    const read = valueFor(token, name);
    if (!read.ok) return { kind: "problem", line: read.line };
    if (name === "no-cleanup") cleanup = read.value === "false";
    else if (name === "cleanup") cleanup = read.value === "true";
    const list = values[name] ?? [];
    list.push(read.value);
    values[name] = list;
  }
  return { kind: "flags", values, cleanup };
}

/**
 * Not strict: the tokens hold everything, and the parser's own errors name neither what a flag takes nor the way out.
 */
function tokensOf(argv: readonly string[]) {
  const options = Object.fromEntries(
    FLAG_LIST.map(({ name, short, takes }) => [
      name,
      {
        type: takes === undefined ? ("boolean" as const) : ("string" as const),
        ...(short === undefined ? {} : { short }),
      },
    ]),
  );
  return parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

/** True also where the flag was taken for the value of the one before it: `--worker-id --help`. */
function asksFor(name: "help" | "version", token: Token, argv: readonly string[]): boolean {
  if (token.kind !== "option") return false;
  const isShort = name === "help" && token.inlineValue === false && token.value === "-h";
  if (isShort || (token.inlineValue === false && token.value === `--${name}`)) return true;
  // A letter within a word such as -what is no request for help.
  return token.name === name && (token.rawName === `--${name}` || (argv[token.index] ?? "").startsWith(token.rawName));
}

function valueFor(
  token: OptionToken,
  name: FlagName,
): { readonly ok: true; readonly value: string } | { readonly ok: false; readonly line: string } {
  const flag: Flag = FLAGS[name];
  const label = `--${name}${flag.short === undefined ? "" : ` (-${flag.short})`}`;
  if (flag.takes === undefined) {
    const value = token.value ?? "true";
    if (value === "true" || value === "false") return { ok: true, value };
    return { ok: false, line: `${label}: takes no value` };
  }
  if (token.value === undefined) return { ok: false, line: `${label}: needs a value; it takes ${flag.takes}` };
  if (!token.inlineValue && looksLikeFlag(token.value)) {
    const wayOut = `a value that starts with a dash is written --${name}=VALUE`;
    return { ok: false, line: `${label}: needs a value and a flag follows; it takes ${flag.takes} (${wayOut})` };
  }
  const isShort = !token.rawName.startsWith("--");
  // `-v=a:b` is how other flag parsers have it; the `=` is not of the value.
  return { ok: true, value: isShort && token.inlineValue ? token.value.replace(/^=/, "") : token.value };
}

/** `--anything`, or one of the short flags, alone or with its value behind it. */
function looksLikeFlag(value: string): boolean {
  return value.startsWith("--") || FLAG_LIST.some(({ short }) => short !== undefined && value.startsWith(`-${short}`));
}

/** `-worker-id`, which would be read as a row of short flags, and `-env`, which would be the variable `nv`. */
function isLongNameWithOneDash(word: string): boolean {
  const name = /^-([a-z][a-z-]+)(?:=|$)/.exec(word)?.[1];
  return name !== undefined && isFlagName(name);
}

function unknownProblem(token: OptionToken, word: string): string {
  const isLong = token.rawName.startsWith("--");
  const written = isLong ? `-${token.name.split("=", 1)[0]}` : (word.split("=", 1)[0] ?? "").slice(1);
  const near = nearest(
    written.replace(/^-+/, ""),
    FLAG_LIST.map(({ name }) => name),
  );
  // Of a row of short flags only the letter is shown: the rest may be a value.
  const shownName = isLong || isLongNameWithOneDash(word) ? `-${written}` : token.rawName;
  const wayOut = near === undefined ? "see --help for the flags" : `did you mean --${near}?`;
  return `unknown flag ${oneLine(shownName)}; ${wayOut}`;
}

function positionalProblem(index: number): string {
  return `argument ${index + 1} belongs to no flag; this worker takes flags only (see --help), and a value with spaces needs quotes`;
}
