import type { CommandDef, CommandMeta } from "citty";
import type { ReadFile } from "../config/read-file.ts";
import type { Environment, Resolved } from "../config/resolve.ts";
import type { ExaminationRequest } from "../doctor/examination-request.ts";
import type { Finding } from "../doctor/finding.ts";
import type { TaskViewOpening } from "../operator/task-view.ts";
import type { Flags } from "./flag.ts";

/** The process around a command. */
export interface Surroundings {
  readonly env: Environment;
  /** Reads the config file; without it the disk is read. */
  readonly readFile?: ReadFile;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** The Docker daemon that would be used, to look at its tasks. */
  readonly openTaskView: () => Promise<TaskViewOpening>;
  /** Looks at all that a worker needs. Never rejects. */
  readonly examine: (request: ExaminationRequest) => Promise<readonly Finding[]>;
  /** Aborts when the user has had enough: Ctrl-C. */
  readonly interrupted: () => AbortSignal;
  /** Asks a person for a yes; `undefined` where there is nobody to ask. */
  readonly confirm: (question: string) => Promise<boolean | undefined>;
  /** The socket of the Docker daemon that would be used, where it is one of this machine. */
  readonly dockerSocket: () => string | undefined;
  /** Starts the worker, which then ends the process by itself; `readAgain` reads its settings anew. */
  readonly startWorker: (resolved: Extract<Resolved, { kind: "config" }>, readAgain: () => Resolved) => Promise<void>;
}

/** 0 done, 1 cannot run or is not healthy, 2 bad command line or config file; undefined where the process lives on. */
export type ExitCode = 0 | 1 | 2 | undefined;

/** What the help of a command tells beside its description and flags. */
export interface HelpParts {
  /** Words behind the command's name, such as `[flags]`. */
  readonly synopsis: string;
  /** Paragraphs behind the description. */
  readonly about?: readonly string[];
  readonly environment?: readonly (readonly [names: string, meaning: string])[];
  /** What each is for, and the lines to type. */
  readonly examples?: readonly (readonly [what: string, lines: readonly string[]])[];
  readonly exitCodes: readonly (readonly [code: number, meaning: string])[];
}

/** A word that a command takes beside its flags; its value stands among those of the flags, by this name. */
export interface Operand {
  /** In capitals, so that it is no flag's. */
  readonly name: string;
  /** How errors speak of it. */
  readonly takes: string;
  readonly description: string;
  readonly optional?: true;
}

/** A command as citty has it, its parts known for what they are, and what citty has no place for. */
export interface Command extends CommandDef<Flags> {
  readonly meta: CommandMeta & { readonly name: string; readonly description: string };
  readonly args: Flags;
  /** In the order in which they are typed. */
  readonly operands: readonly Operand[];
  /** None, or those that may stand behind its name. */
  readonly subCommands: Readonly<Record<string, Command>>;
  readonly help: HelpParts;
}

/** A command that a command line asks for. */
export interface FoundCommand {
  readonly command: Command;
  /** What is typed to reach it: `oz-agent-worker health`. */
  readonly title: string;
  /** The words behind that. */
  readonly rest: readonly string[];
}

/** Says what is wrong with the command line or the config file, a line each. */
export function refuse(lines: readonly string[], around: Surroundings): ExitCode {
  for (const line of lines) around.stderr(`${line}\n`);
  return 2;
}
