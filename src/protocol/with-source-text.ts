import { compactJson, jsonElements, jsonTextAt } from "./json-text.ts";
import { isObject, JsonObject } from "./wire-schema.ts";

const SNAPSHOT = ["data", "task", "agent_config_snapshot"];

/**
 * The data of an assignment, in which what goes to the agent as JSON has its own text beside its value: MCP servers and
 * repository overrides are handed on as they came, and a parsed value would not be written the same way again. `frame` is
 * the text that `data` was parsed from.
 */
export function withSourceText(data: unknown, frame: string): unknown {
  if (!isObject(data) || !isObject(data.task)) return data;
  const { task } = data;
  const snapshot = task.agent_config_snapshot;
  if (!isObject(snapshot)) return data;
  const { mcp_servers: servers, repository_head_overrides: overrides } = snapshot;
  if (!isObject(servers) && !Array.isArray(overrides)) return data;

  const textAt = (name: string) => jsonTextAt(frame, [...SNAPSHOT, name]) ?? "";
  const changed = { ...snapshot };
  if (isObject(servers)) changed.mcp_servers = new JsonObject(servers, compactJson(textAt("mcp_servers")));
  if (Array.isArray(overrides)) {
    const texts = jsonElements(textAt("repository_head_overrides"));
    changed.repository_head_overrides = overrides.map((entry: unknown, index) =>
      isObject(entry) ? new JsonObject(entry, compactJson(texts[index] ?? "")) : entry,
    );
  }
  return { ...data, task: { ...task, agent_config_snapshot: changed } };
}
