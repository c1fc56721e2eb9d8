import { describe, expect, test } from "bun:test";
import { decodeServerMessage } from "../../src/protocol/server-message.ts";
import { buildTaskSpec } from "../../src/task/build-task-spec.ts";
import { isRecord } from "../support/json-record.ts";
import { readAssignment } from "../support/read-assignment.ts";
import { optionsOf } from "../task/assignments.ts";
import { readAgentCommand } from "./agent-parser.ts";
import { sampleFrame } from "./samples.ts";

type Data = Readonly<Record<string, unknown>>;
type Kind = "text" | "whole number" | "true or false" | "object" | "list of texts" | "list of objects" | "map of texts";

/** Values that are not of a kind, and not absent either. */
const WRONG: Readonly<Record<Kind, readonly unknown[]>> = {
  text: [7, true, [], {}],
  "whole number": ["7", 1.5, true, [], {}],
  "true or false": ["true", 1, [], {}],
  object: [7, "text", true, []],
  "list of texts": ["text", {}, [7], [null]],
  "list of objects": ["text", {}, [7], [null], ["text"]],
  "map of texts": ["text", [], { A: 7 }, { A: null }],
};

const SNAPSHOT = "task.agent_config_snapshot";

/** One row a field that the worker acts on (spec, sections 4 and 5): its type, a value, and what that value comes to. */
interface Row {
  readonly path: string;
  readonly kind: Kind;
  readonly value: unknown;
  /** What must stand behind that flag of the agent; `null` for a flag without a value, `undefined` for no such flag. */
  readonly flags?: Readonly<Record<string, string | null | undefined>>;
  readonly spec?: Data;
  /** What else has to be there. */
  readonly beside?: Data;
}

const ROWS: readonly Row[] = [
  { path: "task_id", kind: "text", value: "t-1", spec: { execution: { taskId: "t-1", executionId: "" } } },
  { path: "execution_id", kind: "text", value: "e-1", spec: { execution: { taskId: "a1", executionId: "e-1" } } },
  { path: "task.id", kind: "text", value: "t-2", flags: { "--task-id": "t-2" } },
  { path: "task.owner", kind: "object", value: { Type: "TEAM", Id: 4 }, flags: { "--share": "team:edit" } },
  { path: "task.owner.Type", kind: "text", value: "TEAM", flags: { "--share": "team:edit" } },
  { path: "task.owner.Type", kind: "text", value: "USER", flags: { "--share": undefined } },
  { path: "docker_image", kind: "text", value: "a/b:1", spec: { image: "a/b:1" } },
  {
    ...{ path: "sidecar_image", kind: "text", value: "a/agent:1" },
    spec: { sidecars: [{ image: "a/agent:1", mountPath: "/agent", readWrite: false }] },
  },
  { path: "env_vars", kind: "map of texts", value: { A: "b" }, spec: { environment: expect.arrayContaining(["A=b"]) } },
  {
    ...{ path: "additional_sidecars", kind: "list of objects" },
    value: [{ image: "x:1", mount_path: "/x", read_write: true }],
    spec: { sidecars: [{ image: "x:1", mountPath: "/x", readWrite: true }] },
  },
  {
    ...{ path: "additional_oz_args", kind: "list of texts", value: ["--conversation", "c"] },
    flags: { "--conversation": "c" },
  },
  { path: "instance_shape.vcpus", kind: "whole number", value: 3, spec: { limits: { nanoCpus: 3_000_000_000 } } },
  {
    path: "instance_shape.memory_gb",
    kind: "whole number",
    value: 2,
    spec: { limits: { memoryBytes: 2 * 1024 ** 3 } },
  },
  { path: `${SNAPSHOT}.environment_id`, kind: "text", value: "e", flags: { "--environment": "e" } },
  { path: `${SNAPSHOT}.model_id`, kind: "text", value: "m", flags: { "--model": "m" } },
  { path: `${SNAPSHOT}.profile_id`, kind: "text", value: "p", flags: { "--profile": "p" } },
  { path: `${SNAPSHOT}.skill_spec`, kind: "text", value: "s", flags: { "--skill": "s" } },
  { path: `${SNAPSHOT}.mcp_servers`, kind: "object", value: { a: {} }, flags: { "--mcp": '{"a":{}}' } },
  {
    ...{ path: `${SNAPSHOT}.computer_use_enabled`, kind: "true or false", value: false },
    flags: { "--no-computer-use": null, "--computer-use": undefined },
  },
  {
    ...{ path: `${SNAPSHOT}.computer_use_model_id`, kind: "text", value: "cu" },
    flags: { "--computer-use": null, "--computer-use-model": "cu" },
  },
  { path: `${SNAPSHOT}.idle_timeout_minutes`, kind: "whole number", value: 7, flags: { "--idle-on-complete": "7m" } },
  { path: `${SNAPSHOT}.harness`, kind: "object", value: { type: "claude" }, flags: { "--harness": "claude" } },
  { path: `${SNAPSHOT}.harness.type`, kind: "text", value: "claude", flags: { "--harness": "claude" } },
  { path: `${SNAPSHOT}.inference_providers`, kind: "object", value: {}, flags: {} },
  { path: `${SNAPSHOT}.inference_providers.aws`, kind: "object", value: {}, flags: {} },
  { path: `${SNAPSHOT}.inference_providers.aws.disabled`, kind: "true or false", value: false, flags: {} },
  {
    ...{ path: `${SNAPSHOT}.inference_providers.aws.role_arn`, kind: "text", value: "r" },
    flags: { "--bedrock-inference-role": "r", "--bedrock-role-region": "eu-1" },
    beside: { inference_providers: { aws: { region: "eu-1" } } },
  },
  {
    ...{ path: `${SNAPSHOT}.inference_providers.aws.region`, kind: "text", value: "eu-1" },
    flags: { "--bedrock-inference-role": "r", "--bedrock-role-region": "eu-1" },
    beside: { inference_providers: { aws: { role_arn: "r" } } },
  },
  {
    ...{ path: `${SNAPSHOT}.session_sharing`, kind: "object", value: { public_access: "EDITOR" } },
    flags: { "--share": "public:edit" },
  },
  ...(
    [
      ["VIEWER", "public:view"],
      ["EDITOR", "public:edit"],
      ["FULL", undefined],
    ] as const
  ).map(
    ([value, share]): Row => ({
      ...{ path: `${SNAPSHOT}.session_sharing.public_access`, kind: "text", value },
      flags: { "--share": share },
    }),
  ),
  { path: `${SNAPSHOT}.snapshot_disabled`, kind: "true or false", value: true, flags: { "--no-snapshot": null } },
  {
    ...{ path: `${SNAPSHOT}.snapshot_upload_timeout_secs`, kind: "whole number", value: 9 },
    flags: { "--snapshot-upload-timeout": "9s" },
  },
  {
    ...{ path: `${SNAPSHOT}.snapshot_script_timeout_secs`, kind: "whole number", value: 8 },
    flags: { "--snapshot-script-timeout": "8s" },
  },
  {
    ...{ path: `${SNAPSHOT}.repository_head_overrides`, kind: "list of objects", value: [{ repo_name: "x" }] },
    flags: { "--repository-head-override-json": '{"repo_name":"x"}', "--remove-repository-origins": null },
  },
];

function changed(data: Data, path: readonly string[], value: unknown): Data {
  const [key = "", ...rest] = path;
  const inner = data[key];
  return { ...data, [key]: rest.length === 0 ? value : changed(isRecord(inner) ? inner : {}, rest, value) };
}

/** The least assignment, without an owner, with that field. */
function assignmentWith({ path, beside }: Row, value: unknown): Data {
  const { data } = sampleFrame("assignment-user-minimal");
  const bare = changed(data, ["task", "owner"], undefined);
  const based = beside === undefined ? bare : changed(bare, SNAPSHOT.split("."), beside);
  return changed(based, path.split("."), value);
}

const frameOf = (data: Data) => JSON.stringify({ type: "task_assignment", data });

/** What is wrong with an assignment; `undefined` where nothing is. */
function problemOf(data: Data): string | undefined {
  const message = decodeServerMessage(frameOf(data));
  if (message.type !== "task_assignment") return message.type;
  const said = message.read();
  return said.kind === "unreadable" ? said.problem : undefined;
}

describe("each field that is used", () => {
  test.each(ROWS.map((row) => [row.path, JSON.stringify(row.value), row] as const))("%s %s", (_, __, row) => {
    const planned = buildTaskSpec(readAssignment(frameOf(assignmentWith(row, row.value))), optionsOf());
    if (planned.kind !== "ready") throw new Error(planned.detail);
    expect(planned.spec).toMatchObject(row.spec ?? {});
    const command = readAgentCommand(planned.spec.command.slice(1));
    for (const [flag, value] of Object.entries(row.flags ?? {})) expect(command.get(flag)?.at(-1)).toBe(value);
  });

  test.each(ROWS.map((row) => [row.path, row.kind, row] as const))(
    "%s fails by its name if it is no %s",
    (_, __, row) => {
      for (const wrong of WRONG[row.kind]) {
        // Without a usable id nobody could be answered.
        const expected = row.path === "task_id" ? "skipped" : row.path;
        expect(problemOf(assignmentWith(row, wrong))).toContain(expected);
      }
    },
  );

  test.each(ROWS.map((row) => [row.path, row] as const))("%s may be null, which is absent", (_, row) => {
    const problem = problemOf(assignmentWith(row, null));
    if (row.path === "task_id") expect(problem).toBe("skipped");
    // A role goes with its region: that one is required then.
    else if (row.path.endsWith("aws.region")) expect(problem).toContain("required with role_arn");
    else expect(problem).toBeUndefined();
  });
});
