/*
 * A model of the agent's own command line (`oz agent run`), made from the contract alone (spec, section 5, last paragraph;
 * flags from its list and from the sample frames). What it cannot read, the agent ends on with exit code 2.
 */

type Takes =
  | "nothing"
  | "text"
  | "a url"
  | "JSON"
  /** humantime: a sum of whole numbers with units. */
  | "a duration"
  | "a share"
  /** A duration or nothing. */
  | "perhaps a duration";

const FLAGS: Readonly<Record<string, Takes>> = {
  "--share": "a share",
  "--task-id": "text",
  "--sandboxed": "nothing",
  "--server-root-url": "a url",
  "--session-sharing-server-url": "a url",
  "--model": "text",
  "--profile": "text",
  "--skill": "text",
  "--mcp": "JSON",
  "--computer-use": "nothing",
  "--no-computer-use": "nothing",
  "--computer-use-model": "text",
  "--bedrock-inference-role": "text",
  "--bedrock-role-region": "text",
  "--harness": "text",
  "--no-snapshot": "nothing",
  "--snapshot-upload-timeout": "a duration",
  "--snapshot-script-timeout": "a duration",
  "--environment": "text",
  "--repository-head-override-json": "JSON",
  "--remove-repository-origins": "nothing",
  "--conversation": "text",
  "--skip-initial-turn": "nothing",
  "--idle-on-complete": "perhaps a duration",
};

/** Each goes only with the other one. */
const PAIRS = [
  ["--bedrock-inference-role", "--bedrock-role-region"],
  ["--bedrock-role-region", "--bedrock-inference-role"],
  ["--skip-initial-turn", "--idle-on-complete"],
  ["--computer-use-model", "--computer-use"],
] as const;

const UNIT =
  "(?:nsec|ns|usec|us|µs|msec|ms|seconds|second|sec|s|minutes|minute|min|m|hours|hour|hr|h|days|day|d|weeks|week|w|months|month|M|years|year|y)";
const DURATION = new RegExp(`^\\s*\\d+\\s*${UNIT}(?:\\s*\\d+\\s*${UNIT})*\\s*$`);

/** What an agent has understood: the values of each flag in their order; `null` for a flag without one. */
export type AgentCommand = ReadonlyMap<string, readonly (string | null)[]>;

/** Reads the words behind `/agent/entrypoint.sh`. Throws with the reason for which the agent would refuse them. */
export function readAgentCommand(words: readonly string[]): AgentCommand {
  if (words[0] !== "agent" || words[1] !== "run") throw new Error(`no command: ${words.slice(0, 2).join(" ")}`);
  const found = new Map<string, (string | null)[]>();
  for (let at = 2; at < words.length; at++) {
    const word = words[at] ?? "";
    const [, flag = word, inline] = /^(--[a-z-]+)=([\s\S]*)$/.exec(word) ?? [];
    const takes = Object.hasOwn(FLAGS, flag) ? FLAGS[flag] : undefined;
    if (takes === undefined) throw new Error(`unexpected argument ${JSON.stringify(word)}`);
    const next = words[at + 1];
    // What begins with a dash is the next flag, and no value.
    const follows = next !== undefined && !next.startsWith("-");
    let value: string | null = null;
    if (inline !== undefined) {
      if (takes === "nothing") throw new Error(`${flag} takes no value`);
      value = inline;
    } else if (takes !== "nothing" && follows) {
      value = next;
      at += 1;
    } else if (takes !== "nothing" && takes !== "perhaps a duration") {
      throw new Error(`${flag} needs a value`);
    }
    if (value !== null) check(flag, takes, value);
    const values = found.get(flag) ?? [];
    found.set(flag, [...values, value]);
  }
  for (const [one, other] of PAIRS) {
    if (found.has(one) && !found.has(other)) throw new Error(`${one} needs ${other}`);
  }
  return found;
}

function check(flag: string, takes: Takes, value: string): void {
  const wrong = () => new Error(`${flag} cannot be read: ${JSON.stringify(value)}`);
  switch (takes) {
    case "a duration":
    case "perhaps a duration":
      if (!DURATION.test(value)) throw wrong();
      break;
    case "a share":
      if (!/^(team|public):(view|edit)$/.test(value)) throw wrong();
      break;
    case "a url":
      if (!URL.canParse(value)) throw wrong();
      break;
    case "JSON":
      try {
        JSON.parse(value);
      } catch {
        throw wrong();
      }
      break;
    case "text":
      if (value === "") throw wrong();
      break;
    case "nothing":
      break;
  }
}
