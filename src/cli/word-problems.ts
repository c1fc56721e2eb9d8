import { nearest } from "../config/nearest.ts";
import { alternatives, oneLine } from "../config/shown.ts";
import type { Command, FoundCommand, Operand } from "./command.ts";
import { flagNames } from "./flag.ts";

/** The line about a flag that the command does not have; `written` is its word, dashes included, without a value. */
export function unknownFlag(written: string, { command, title }: FoundCommand): string {
  const commands = command.subCommands;
  if (isSmall(command)) return takesNothingElse(command, title);
  const name = written.replace(/^-+/, "");
  // What is glued to it is the key itself.
  const word = /^-+api[-_]?key(?=.)/i.exec(written)?.[0];
  const flags = flagNames(command.args).filter(({ flag }) => flag.hidden !== true);
  if (written === `--${name}` && flags.some((flag) => flag.written === name)) {
    return `${written}: its value stands in the same word; write ${written}=VALUE, or the value as a word of its own`;
  }
  const near = nearest(
    name,
    flags.map((flag) => flag.written),
  );
  const wayOut = Object.hasOwn(commands, name)
    ? `${name} is a command: ${usageLine(title, name, commands[name])}`
    : near === undefined
      ? `see ${title.includes(" ") ? `${title} ` : ""}--help for the flags`
      : `did you mean --${near}?`;
  return `unknown flag ${word === undefined ? oneLine(written) : `${word}...`}; ${wayOut}`;
}

/** Dashes that editors and pages make of two hyphens. */
const LONG_DASH = /^-?[\u2010-\u2015\u2212\ufe58\uff0d]/;

/** The line about a word that belongs to no flag. It is shown only where it can be nothing but the name of a command. */
export function strayWord(index: number, { command, title, rest }: FoundCommand): string {
  const commands = command.subCommands;
  if (isSmall(command)) return takesNothingElse(command, title);
  const word = rest[index] ?? "";
  if (Object.hasOwn(commands, word)) {
    return `${word} is a command, and commands stand before flags: ${usageLine(title, word, commands[word])}`;
  }
  if (LONG_DASH.test(word)) {
    return `argument ${index + 1} begins with a long dash, as texts show them; flags begin with two short ones: --`;
  }
  const names = Object.keys(commands);
  if (index > 0 || word === "" || word.startsWith("-") || names.length === 0) {
    const help = `${title.includes(" ") ? `${title} ` : ""}--help`;
    return `argument ${index + 1} belongs to no flag (see ${help}); a value with spaces needs quotes`;
  }
  const looksLikeName = /^[A-Za-z][a-z]*(?:-[a-z]+)*$/.test(word) && !word.startsWith("wk-") && word.length <= 24;
  const near = nearest(word, [...names, "--help", "--version"]);
  const known = `the ${names.length === 1 ? "only command is" : "commands are"} ${alternatives(names, "and")}`;
  const without = title.includes(" ") ? "" : ", and without one the worker starts";
  const wayOut =
    near === undefined
      ? `${known}${without} (see ${title.includes(" ") ? `${title} ` : ""}--help)`
      : `did you mean ${near}?`;
  return `unknown command${looksLikeName ? ` ${word}` : ""}; ${wayOut}`;
}

function usageLine(title: string, name: string, command: Command | undefined): string {
  return `${title} ${name} ${command?.help.synopsis ?? ""}`.trim();
}

/** The line about a word that a command needs and was not given. */
export function missingWord({ name, takes }: Operand, { command, title }: FoundCommand): string {
  return `${command.meta.name}: needs ${name}, ${takes}: ${title} ${command.help.synopsis}`;
}

/** How many flags a line can list. */
const FEW = 8;

/** Whether a command takes so little that the line can list it. */
function isSmall({ subCommands, args }: Command): boolean {
  return Object.keys(subCommands).length === 0 && Object.keys(args).length <= FEW;
}

function takesNothingElse(command: Command, title: string): string {
  const flags = flagNames(command.args)
    .filter(({ flag, name }) => flag.hidden !== true && name !== "help")
    .map(({ written, flag }) =>
      flag.type === "string" ? `--${written} ${flag.valueHint ?? "VALUE"}` : `--${written}`,
    );
  const words = [...command.operands.map((operand) => operand.name), ...flags];
  const takes = words.length === 0 ? "takes nothing" : `takes ${alternatives(words, "and")} and nothing else`;
  return `${command.meta.name}: ${takes}; see ${title} --help`;
}
