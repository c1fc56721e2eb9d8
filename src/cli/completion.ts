import { type Command, refuse } from "./command.ts";
import { define } from "./define.ts";
import { flagNames, HELP_FLAG } from "./flag.ts";

/** A command with the words that lead to it. */
interface Place {
  readonly path: readonly string[];
  readonly command: Command;
}

const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** Flags whose value is the path of a file. */
const FILE_FLAGS = ["--config-file"];

/** Prints a script that completes the words of the program in a shell; `program` is the whole tree. */
export function completionCommand(program: () => Command): Command {
  return define({
    meta: { name: "completion", description: "print a script that completes commands and flags in your shell" },
    args: { help: HELP_FLAG },
    operands: [{ name: "SHELL", takes: "bash, zsh or fish", description: "bash, zsh or fish" }],
    help: {
      synopsis: "bash|zsh|fish",
      examples: [
        ["For all users of bash", ["oz-agent-worker completion bash > /etc/bash_completion.d/oz"]],
        ["In your own zsh", ["source <(oz-agent-worker completion zsh)"]],
        ["In fish", ["oz-agent-worker completion fish | source"]],
      ],
      exitCodes: [
        [0, "printed"],
        [2, "a shell that is not known"],
      ],
    },
    run(values, around) {
      const shell = SHELLS.find((known) => known === values.SHELL?.[0]);
      if (shell === undefined) return refuse(["completion: SHELL takes bash, zsh or fish"], around);
      around.stdout(completionScript(shell, program()));
      return 0;
    },
  });
}

/** The script for a shell, made of the command tree. */
export function completionScript(shell: Shell, program: Command): string {
  const { name } = program.meta;
  const places = placesIn({ path: [], command: program });
  if (shell === "fish") return fish(name, places);
  const script = bash(name, places);
  return shell === "bash"
    ? script
    : `autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${script}`;
}

function placesIn(place: Place): readonly Place[] {
  const inner = Object.entries(place.command.subCommands).flatMap(([word, command]) =>
    placesIn({ path: [...place.path, word], command }),
  );
  return [place, ...inner];
}

function shownFlags(command: Command) {
  return flagNames(command.args).filter(({ flag }) => flag.hidden !== true);
}

function bash(name: string, places: readonly Place[]): string {
  const self = `_${name.replaceAll("-", "_")}`;
  const pathOf = ({ path }: Place) => path.map((word) => ` ${word}`).join("");
  const known = places.flatMap((place) => (place.path.length === 0 ? [] : [`"${pathOf(place)}"`]));
  const choices = places.map((place) => {
    const words = [
      ...Object.keys(place.command.subCommands),
      ...shownFlags(place.command).map(({ written }) => `--${written}`),
    ];
    return `    "${pathOf(place)}") choices="${words.join(" ")}" ;;`;
  });
  return `${self}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" path="" choices="" index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "$path \${COMP_WORDS[index]}" in
    ${known.join("|")}) path="$path \${COMP_WORDS[index]}" ;;
    *) break ;;
    esac
  done
  case "$previous" in
    ${FILE_FLAGS.join("|")}) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  case "$path" in
${choices.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$choices" -- "$current"))
}
complete -o default -F ${self} ${name}
`;
}

function fish(name: string, places: readonly Place[]): string {
  const lines = places.flatMap(({ path, command }) => {
    const inner = Object.keys(command.subCommands);
    const here = path.map((word) => `__fish_seen_subcommand_from ${word}`);
    const beyond = inner.length === 0 ? [] : [`not __fish_seen_subcommand_from ${inner.join(" ")}`];
    const condition = [...here, ...beyond].join("; and ") || "true";
    const about = (text: string | undefined) => `-d '${(text ?? "").replace(/['\\]/g, "\\$&")}'`;
    return [
      ...Object.entries(command.subCommands).map(
        ([word, { meta }]) => `complete -c ${name} -f -n '${condition}' -a ${word} ${about(meta.description)}`,
      ),
      ...shownFlags(command).map(({ written, flag, negated }) => {
        const short = flag.alias === undefined || negated ? "" : ` -s ${flag.alias}`;
        const takes = flag.type === "string" ? (FILE_FLAGS.includes(`--${written}`) ? " -r -F" : " -x") : "";
        return `complete -c ${name} -n '${condition}' -l ${written}${short}${takes} ${about(flag.description)}`;
      }),
    ];
  });
  return `${lines.join("\n")}\n`;
}
