import { runCommand } from "citty";
import type { Command, ExitCode, FoundCommand, Surroundings } from "./command.ts";
import type { CommandData } from "./define.ts";
import { worker } from "./worker.ts";

/**
 * Does what the words after the program's name ask for. Reads the config file if one is named; help and version read
 * nothing. No line that it writes holds a secret.
 */
export async function runCommandLine(
  argv: readonly string[],
  around: Surroundings,
  program: Command = worker,
): Promise<ExitCode> {
  const found = findCommand(program, argv);
  // Without its commands: citty would look for one among all words, run it, and then run this one as well.
  const { subCommands: _, ...command } = found.command;
  const data: CommandData = { found, around };
  const { result } = await runCommand(command, { rawArgs: [...found.rest], data });
  return result === 0 || result === 1 || result === 2 ? result : undefined;
}

/** Commands stand before flags: the first words that name one lead to it, and without any the program itself is meant. */
function findCommand(program: Command, argv: readonly string[]): FoundCommand {
  let command = program;
  const titles = [program.meta.name];
  for (const word of argv) {
    const next = Object.entries(command.subCommands).find(([name]) => name === word);
    if (next === undefined) break;
    command = next[1];
    titles.push(word);
  }
  return { command, title: titles.join(" "), rest: argv.slice(titles.length - 1) };
}
