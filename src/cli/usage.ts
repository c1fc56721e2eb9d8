import type { FoundCommand } from "./command.ts";
import { type Flag, flagNames } from "./flag.ts";

/** Fits the terminal that everybody has. */
const COLUMNS = 80;

/** The help of a command, made of its data: plain text in at most 80 columns, without colour. */
export function usage({ command, title }: FoundCommand): string {
  const { meta, help, subCommands } = command;
  const commands = Object.entries(subCommands).map(([name, sub]) => [name, sub.meta.description] as const);
  return [
    [`Usage: ${title} ${help.synopsis}`, ...(commands.length > 0 ? [`       ${title} COMMAND [flags]`] : [])],
    ...[`${capital(meta.description)}.`, ...(help.about ?? [])].map((text) => wrap(text, "")),
    section("Arguments", columns(command.operands.map(({ name, description }) => [name, description] as const))),
    section(`Commands (${title} COMMAND --help says more)`, columns(commands)),
    ...flagSections(command.args),
    section("Environment", columns(help.environment ?? [])),
    ...(help.examples ?? []).map(([what, lines], index) => {
      const example = [...wrap(what, "  # "), ...lines.map((line) => `  ${line}`)];
      return index === 0 ? ["Examples:", ...example] : example;
    }),
    section("Exit codes", columns(help.exitCodes.map(([code, meaning]) => [String(code), meaning] as const))),
  ]
    .filter((block) => block.length > 0)
    .map((block) => `${block.join("\n")}\n`)
    .join("\n");
}

function flagSections(flags: FoundCommand["command"]["args"]): string[][] {
  const names = flagNames(flags).filter(({ flag }) => flag.hidden !== true);
  const groups = new Set(names.map(({ flag }) => flag.group ?? "Flags"));
  return [...groups].map((group) =>
    section(
      group,
      names
        .filter(({ flag }) => (flag.group ?? "Flags") === group)
        .flatMap(({ written, flag, negated }) => flagLines(written, flag, negated)),
    ),
  );
}

function flagLines(written: string, flag: Flag, negated: boolean): string[] {
  const short = flag.alias === undefined || negated ? "    " : `-${flag.alias}, `;
  const value = flag.type === "string" ? ` ${flag.valueHint ?? "VALUE"}` : "";
  const text = negated && flag.type === "boolean" ? flag.negativeDescription : flag.description;
  const standard = flag.default === undefined || negated ? "" : ` (default ${flag.default})`;
  return [`  ${short}--${written}${value}`, ...wrap(`${text ?? ""}${standard}`, " ".repeat(10))];
}

function section(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${heading}:`, ...lines];
}

/** Two columns, the second one wrapped. */
function columns(rows: readonly (readonly [name: string, meaning: string])[]): string[] {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.flatMap(([name, meaning]) => {
    const indent = " ".repeat(width + 4);
    const [first = "", ...others] = wrap(meaning, indent);
    return [`  ${name.padEnd(width)}  ${first.trimStart()}`, ...others];
  });
}

/** `text` broken at its spaces into lines of at most 80 columns, each behind `indent`. */
function wrap(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && indent.length + longer.length > COLUMNS) {
      lines.push(`${indent}${line}`);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, `${indent}${line}`];
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}
