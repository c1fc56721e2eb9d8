import { defineCommand } from "citty";
import { type Command, type ExitCode, type FoundCommand, refuse, type Surroundings } from "./command.ts";
import type { FlagValues } from "./flag.ts";
import { readFlags } from "./read-flags.ts";
import { usage } from "./usage.ts";

/** What a command file says: its data, and the work itself, which is handed values that are not yet looked at. */
export interface CommandParts extends Pick<Command, "meta" | "args" | "help"> {
  readonly subCommands?: Command["subCommands"];
  readonly operands?: Command["operands"];
  run(values: FlagValues, around: Surroundings): ExitCode | Promise<ExitCode>;
}

/** What goes through citty to a command. */
export interface CommandData {
  readonly found: FoundCommand;
  readonly around: Surroundings;
}

/**
 * Defines a command for citty. The help, the version and words that make no sense are dealt with here. Flags are read
 * from the raw words: citty's own parser keeps the last of a repeated one and lets unknown ones pass.
 */
export function define({ meta, args, subCommands = {}, operands = [], help, run }: CommandParts): Command {
  const definition = defineCommand({
    meta,
    args,
    subCommands,
    run: (context): ExitCode | Promise<ExitCode> => {
      const { found, around }: CommandData = context.data;
      const words = readFlags(found);
      switch (words.kind) {
        case "values":
          return run(words.values, around);
        case "problem":
          return refuse([words.line], around);
        case "help":
          around.stdout(usage(found));
          return 0;
        case "version":
          around.stdout(`${meta.name} ${meta.version}\n`);
          return 0;
      }
    },
  });
  return { ...definition, meta, args, subCommands, operands, help };
}
