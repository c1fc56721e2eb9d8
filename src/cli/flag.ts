import type { BooleanArgDef, StringArgDef } from "citty";

/** What citty's own fields do not say about a flag. An `alias` is its short letter. */
interface InHelp {
  readonly alias?: string;
  /** The heading of the help that it stands under; flags of one group stand together. */
  readonly group?: string;
  /** Works and is in no help. */
  readonly hidden?: true;
}

/** A flag with a value; `takes` is how errors speak of it. It may be repeated: who reads the values decides on that. */
type ValueFlag = StringArgDef & InHelp & { readonly type: "string"; readonly takes: string };

/** A switch. With a `negativeDescription` there is `--no-NAME` as well. */
type SwitchFlag = BooleanArgDef & InHelp & { readonly type: "boolean" };

/** One flag, as it is parsed, as errors speak of it, and as the help shows it. */
export type Flag = ValueFlag | SwitchFlag;

/** The flags of a command, in the order of its help. */
export type Flags = Readonly<Record<string, Flag>>;

/** What each flag was given, in order, by its name; switches have `true` or `false`. */
export type FlagValues = Readonly<Record<string, readonly string[]>>;

/** The flag that every command has. */
export const HELP_FLAG = {
  type: "boolean",
  alias: "h",
  group: "Information",
  description: "show this and exit",
} as const satisfies Flag;

/** A name that can stand behind two dashes: a flag's own, or the negation of a switch. */
export interface FlagName {
  /** Without the dashes. */
  readonly written: string;
  readonly name: string;
  readonly flag: Flag;
  readonly negated: boolean;
}

/** Every name that can stand behind two dashes, in the order of the help. */
export function flagNames(flags: Flags): FlagName[] {
  return Object.entries(flags).flatMap(([name, flag]) => [
    { written: name, name, flag, negated: false },
    ...(flag.type === "boolean" && flag.negativeDescription !== undefined
      ? [{ written: `no-${name}`, name, flag, negated: true }]
      : []),
  ]);
}
