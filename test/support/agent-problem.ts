import { decodeServerMessage } from "../../src/protocol/server-message.ts";
import { buildAgentArguments } from "../../src/task/agent-arguments.ts";
import { readAgentCommand } from "../wire/agent-parser.ts";

const OPTIONS = { serverRootUrl: "https://oz.example", volumes: [], environment: [] };

/** Why the agent could not read the command line that the worker makes of an assignment; `undefined` where it can. */
export function agentProblem(frame: string): string | undefined {
  const message = decodeServerMessage(frame);
  const said = message.type === "task_assignment" ? message.read() : undefined;
  if (said?.kind !== "assignment") return undefined;
  try {
    readAgentCommand(buildAgentArguments(said.assignment, OPTIONS));
    return undefined;
  } catch (thrown) {
    return `the agent cannot read its command line: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  }
}
