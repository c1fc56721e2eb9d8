import { describe, expect, test } from "bun:test";
import { buildTaskSpec } from "../../src/task/build-task-spec.ts";
import { isRecord } from "../support/json-record.ts";
import { readAssignment } from "../support/read-assignment.ts";
import { optionsOf } from "../task/assignments.ts";
import { type SampleFrame, sampleAssignments, sampleFrame } from "./samples.ts";

type Data = Readonly<Record<string, unknown>>;

/** What the worker would run for an assignment. */
function specOf(data: unknown) {
  const assignment = readAssignment(JSON.stringify({ type: "task_assignment", data }));
  const planned = buildTaskSpec(assignment, optionsOf());
  if (planned.kind !== "ready") throw new Error(planned.detail);
  // A title is shown to people, and nothing else is made of it.
  const { secrets: _, title: __, ...spec } = planned.spec;
  return spec;
}

/** The data with another value at a path; `undefined` takes the field away. */
function changed(data: Data, path: readonly string[], value: unknown): Data {
  const [key = "", ...rest] = path;
  const inner = data[key];
  return { ...data, [key]: rest.length === 0 ? value : changed(isRecord(inner) ? inner : {}, rest, value) };
}

const ODD: readonly unknown[] = [7, 1.5, true, "text", "", null, [], [1, { a: null }], {}, { deep: { er: [[]] } }];

/** Fields of the contract's table that the worker does not act on. */
const UNUSED: readonly string[] = [
  ...["task.title", "task.task_definition", "task.task_definition.prompt", "task.created_at", "task.updated_at"],
  ...["task.owner.Id", "task.agent_conversation_id", "task.agent_config_snapshot.base_prompt"],
  ...["task.agent_config_snapshot.harness_auth_secrets", "telemetry_collection", "telemetry_collection.endpoint"],
  ...["telemetry_collection.bootstrap_token", "telemetry_collection.bootstrap_token.token", "telemetry_collection.x"],
  ...["new_field", "task.new_field", "task.owner.new_field", "task.agent_config_snapshot.new_field"],
  ...["task.agent_config_snapshot.harness.new_field", "task.agent_config_snapshot.inference_providers.gcp"],
  ...["task.agent_config_snapshot.session_sharing.team_access", "instance_shape.disk_gb"],
];

/** Fields that the others of a sample make meaningless. */
const MEANINGLESS: readonly [string, SampleFrame, Data][] = [
  ["model_id", sampleFrame("assignment-follow-up-claude"), {}],
  ["computer_use_model_id", sampleFrame("assignment-follow-up-claude"), {}],
  ["computer_use_model_id", sampleFrame("assignment-team"), { computer_use_enabled: false }],
  ["inference_providers.aws.role_arn", sampleFrame("assignment-team"), disabledAws()],
  ["inference_providers.aws.region", sampleFrame("assignment-team"), disabledAws()],
  [
    "inference_providers.aws.region",
    sampleFrame("assignment-team"),
    { inference_providers: { aws: { role_arn: " " } } },
  ],
];

function disabledAws(): Data {
  return { inference_providers: { aws: { disabled: true } } };
}

/** Amounts that count above zero alone. */
const AMOUNTS: readonly string[] = [
  ...["instance_shape.vcpus", "instance_shape.memory_gb", "task.agent_config_snapshot.idle_timeout_minutes"],
  ...["task.agent_config_snapshot.snapshot_upload_timeout_secs"],
  ...["task.agent_config_snapshot.snapshot_script_timeout_secs"],
];

describe("only what is used can be wrong", () => {
  test.each(AMOUNTS)("%s that is not above zero is as good as absent, whatever it is", (path) => {
    const { data } = sampleFrame("assignment-team");
    const expected = specOf(changed(data, path.split("."), undefined));
    for (const value of [0, -0, -1, -0.5, -1e300, null]) {
      expect(specOf(changed(data, path.split("."), value))).toEqual(expected);
    }
  });

  for (const sample of sampleAssignments()) {
    test.each(UNUSED)(`${sample.name}: %s may hold anything, and be missing`, (path) => {
      const expected = specOf(changed(sample.data, path.split("."), undefined));
      for (const value of ODD) expect(specOf(changed(sample.data, path.split("."), value))).toEqual(expected);
    });

    test(`${sample.name}: a user's task may have no owner`, () => {
      const owned = changed(sample.data, ["task", "owner"], { Type: "USER", Id: 1 });
      for (const value of [null, undefined, {}, { Id: "7" }, { Type: null }]) {
        expect(specOf(changed(sample.data, ["task", "owner"], value))).toEqual(specOf(owned));
      }
    });
  }

  test.each(MEANINGLESS)("%s may hold anything where nothing is made of it", (path, sample, fields) => {
    const at = ["task", "agent_config_snapshot"];
    const task = sample.data.task;
    const snapshot = isRecord(task) && isRecord(task.agent_config_snapshot) ? task.agent_config_snapshot : {};
    const data = changed(sample.data, at, { ...snapshot, ...fields });
    const expected = specOf(changed(data, [...at, ...path.split(".")], undefined));
    for (const value of ODD) expect(specOf(changed(data, [...at, ...path.split(".")], value))).toEqual(expected);
  });
});
