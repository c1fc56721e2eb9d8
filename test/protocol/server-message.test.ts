import { describe, expect, test } from "bun:test";
import { decodeServerMessage } from "../../src/protocol/server-message.ts";
import { readAssignment } from "../support/read-assignment.ts";

const frame = (type: unknown, data: unknown) => JSON.stringify({ type, data });
const decodeAssignment = (data: unknown) => decodeServerMessage(frame("task_assignment", data));

const assignmentFrom = (data: unknown) => readAssignment(frame("task_assignment", data));

describe("decodeServerMessage: assignments", () => {
  const MINIMAL = {
    task_id: "run-1",
    execution_id: "",
    task: { id: "run-1" },
    env_vars: [],
    additional_sidecars: [],
    additional_oz_args: [],
  };
  const ABSENT = {
    ...{ execution_id: null, docker_image: null, sidecar_image: null, env_vars: null, additional_sidecars: null },
    ...{ additional_oz_args: null, instance_shape: null },
  };
  const minimal: readonly [string, unknown][] = [
    ["only what is required", { task_id: "run-1", task: {} }],
    ["null everywhere", { ...ABSENT, task_id: "run-1", task: { id: null, owner: null, agent_config_snapshot: null } }],
    ["unknown fields", { task_id: "run-1", task: { later: [{}] }, later: { deep: [null] } }],
    ["a blank task.id", { task_id: "run-1", task: { id: " " } }],
  ];
  test.each(minimal)("reads %s", (_name, data) => {
    expect(assignmentFrom(data)).toEqual(MINIMAL);
  });

  test("null is absent inside of snapshot, owner, shape and sidecars", () => {
    const snapshot = {
      ...{ environment_id: null, model_id: null, profile_id: null, skill_spec: null, mcp_servers: null },
      ...{ computer_use_enabled: null, computer_use_model_id: null, idle_timeout_minutes: null },
      ...{ harness: { type: null }, session_sharing: { public_access: null }, snapshot_disabled: null },
      inference_providers: { aws: { disabled: null, role_arn: null, region: null } },
      ...{ snapshot_upload_timeout_secs: null, snapshot_script_timeout_secs: null, repository_head_overrides: null },
    };
    const read = assignmentFrom({
      task_id: "t",
      task: { owner: { Type: null, Id: null }, agent_config_snapshot: snapshot },
      additional_sidecars: [{ image: null, mount_path: null, read_write: null }],
      instance_shape: { vcpus: null, memory_gb: null },
    });
    expect(JSON.parse(JSON.stringify(read))).toEqual({
      ...{ task_id: "t", execution_id: "", env_vars: [], additional_sidecars: [{}], additional_oz_args: [] },
      task: {
        id: "t",
        owner: {},
        agent_config_snapshot: {
          ...{ harness: {}, inference_providers: { aws: {} }, session_sharing: {} },
          repository_head_overrides: [],
        },
      },
      instance_shape: {},
    });
  });

  test("keeps the order of variables, and names that an object could not have", () => {
    const text =
      '{"type":"task_assignment","__proto__":{"x":1},"data":{"__proto__":{"task_id":"evil"},"task_id":"t",' +
      '"env_vars":{"B":"2","__proto__":"v","constructor":"c","A":"1"},"task":{}}}';
    const { task_id, env_vars } = readAssignment(text);
    expect(task_id).toBe("t");
    expect(env_vars).toEqual([
      ["B", "2"],
      ["__proto__", "v"],
      ["constructor", "c"],
      ["A", "1"],
    ]);
    expect("x" in {}).toBe(false);
  });

  test.each(["../../etc", "a'b\"c", "ünï漢", "x".repeat(256), " x "])("keeps the task id %j as it is", (id) => {
    expect(assignmentFrom({ task_id: id, task: {} }).task_id).toBe(id);
    expect(decodeServerMessage(frame("task_cancellation", { task_id: id }))).toEqual({
      type: "task_cancellation",
      taskId: id,
    });
  });

  test("a shape whose axes are not positive is still a shape", () => {
    const shape = { vcpus: -5_000_000_000, memory_gb: 0 };
    const unset = { vcpus: 0, memory_gb: 0 };
    expect(assignmentFrom({ task_id: "t", task: {}, instance_shape: shape }).instance_shape).toEqual(unset);
  });
});

describe("decodeServerMessage: what goes to the agent as JSON is what came, compacted", () => {
  const withSnapshot = (text: string) =>
    `{"type": "task_assignment", "data": {"task_id": "t", "task": {"agent_config_snapshot": ${text}}}}`;
  const cases: readonly [string, string][] = [
    ['{"b": 1, "a": {"x": [ 1 , 2 ]}}', '{"b":1,"a":{"x":[1,2]}}'],
    // As values: keys in another order, figures that a double cannot hold, an escape that is written out.
    ['{"2": 0, "1": 0}', '{"2":0,"1":0}'],
    ['{"n": 12345678901234567890, "f": 1.0, "e": 1E400}', '{"n":12345678901234567890,"f":1.0,"e":1E400}'],
    ['{"s": "\\u0041 \\" , : { [ \\\\"}', '{"s":"\\u0041 \\" , : { [ \\\\"}'],
    ['{\n\t"a" :\r null , "__proto__": {"c": "d"}\n}', '{"a":null,"__proto__":{"c":"d"}}'],
    ['{"a": {}, "a": {"later": true}}', '{"a":{},"a":{"later":true}}'],
  ];
  test.each(cases)("mcp_servers %s", (given, expected) => {
    const snapshot = readAssignment(withSnapshot(`{"mcp_servers": ${given}}`)).task.agent_config_snapshot;
    expect(snapshot?.mcp_servers?.text).toBe(expected);
    expect(snapshot?.mcp_servers?.value).toEqual(JSON.parse(given));
  });

  test.each(cases)("repository_head_overrides with %s", (given, expected) => {
    const text = withSnapshot(`{"repository_head_overrides" : [ ${given} ,{"x":[]}, ${given} ] }`);
    const overrides = readAssignment(text).task.agent_config_snapshot?.repository_head_overrides ?? [];
    expect(overrides.map((one) => one.text)).toEqual([expected, '{"x":[]}', expected]);
  });

  test("of several fields of one name the last counts, as for every reader", () => {
    const text = withSnapshot('{"mcp_servers": {"first": 1}, "mcp_servers": {"second": 2}}');
    expect(readAssignment(text).task.agent_config_snapshot?.mcp_servers?.text).toBe('{"second":2}');
  });
});

describe("decodeServerMessage: assignments that cannot be read", () => {
  const SECRET = "s3cret-value";
  const snapshot = (fields: object) => ({ task: { agent_config_snapshot: fields } });
  const cases: readonly [object, string][] = [
    [{}, "task: required"],
    [{ task: null }, "task: required"],
    [{ task: SECRET }, "task: expected an object"],
    [{ task: [SECRET] }, "task: expected an object"],
    [{ task: { id: 5 } }, "task.id: expected a string"],
    [{ task: { owner: SECRET } }, "task.owner: expected an object"],
    [{ task: { owner: { Type: 1 } } }, "task.owner.Type: expected a string"],
    [{ task: {}, docker_image: { a: SECRET } }, "docker_image: expected a string"],
    [{ task: {}, sidecar_image: 0 }, "sidecar_image: expected a string"],
    [{ task: {}, env_vars: [SECRET] }, "env_vars: expected an object of strings"],
    [{ task: {}, env_vars: SECRET }, "env_vars: expected an object of strings"],
    [{ task: {}, env_vars: { KEY: 5 } }, 'env_vars: the value of "KEY": expected a string'],
    [{ task: {}, env_vars: { KEY: null } }, 'env_vars: the value of "KEY": expected a string'],
    [{ task: {}, env_vars: { KEY: "a\0b" } }, 'env_vars: the value of "KEY" holds a NUL character'],
    [{ task: {}, env_vars: { "": SECRET } }, "env_vars: a name is empty"],
    [{ task: {}, env_vars: { [`KEY=${SECRET}`]: "" } }, 'env_vars: the name that begins "KEY" holds an equals sign'],
    [{ task: {}, env_vars: { "A\0\nB": SECRET } }, 'env_vars: the name "A\\u0000\\nB" holds a NUL character'],
    [{ task: {}, additional_sidecars: {} }, "additional_sidecars: expected a list"],
    [{ task: {}, additional_sidecars: [null] }, "additional_sidecars[0]: expected an object"],
    [{ task: {}, additional_sidecars: [{}, { image: 1 }] }, "additional_sidecars[1].image: expected a string"],
    [
      { task: {}, additional_sidecars: [{ read_write: "yes" }] },
      "additional_sidecars[0].read_write: expected true or false",
    ],
    [{ task: {}, additional_oz_args: ["a", null] }, "additional_oz_args[1]: expected a string"],
    [{ task: {}, additional_oz_args: SECRET }, "additional_oz_args: expected a list"],
    [{ task: {}, instance_shape: 4 }, "instance_shape: expected an object"],
    [{ task: {}, instance_shape: { vcpus: 1.5 } }, "instance_shape.vcpus: expected a whole number"],
    [{ task: {}, instance_shape: { memory_gb: "4" } }, "instance_shape.memory_gb: expected a whole number"],
    [
      { task: {}, instance_shape: { memory_gb: 1e15 } },
      "instance_shape.memory_gb: expected a whole number up to 1000000",
    ],
    [{ task: {}, execution_id: 7 }, "execution_id: expected a string"],
    [{ task: {}, execution_id: "x".repeat(257) }, "execution_id: expected at most 256 characters"],
    [{ task: { id: "a\nb" } }, "task.id: expected no control or format characters"],
    [{ task: {}, additional_sidecars: Array(33).fill({}) }, "additional_sidecars: expected at most 32 entries"],
    [{ task: {}, additional_oz_args: Array(1001).fill("") }, "additional_oz_args: expected at most 1000 entries"],
    [snapshot({ model_id: {} }), "task.agent_config_snapshot.model_id: expected a string"],
    [snapshot({ computer_use_model_id: 4 }), "task.agent_config_snapshot.computer_use_model_id: expected a string"],
    [
      snapshot({ repository_head_overrides: {} }),
      "task.agent_config_snapshot.repository_head_overrides: expected a list",
    ],
    [
      snapshot({ repository_head_overrides: [{}, SECRET] }),
      "task.agent_config_snapshot.repository_head_overrides[1]: expected an object",
    ],
    [
      snapshot({ inference_providers: { aws: { role_arn: "r" } } }),
      "task.agent_config_snapshot.inference_providers.aws.region: required with role_arn",
    ],
    [
      snapshot({ inference_providers: { aws: { role_arn: "r", region: " " } } }),
      "task.agent_config_snapshot.inference_providers.aws.region: required with role_arn",
    ],
    [snapshot({ mcp_servers: [SECRET] }), "task.agent_config_snapshot.mcp_servers: expected an object"],
    [
      snapshot({ mcp_servers: JSON.stringify({ a: SECRET }) }),
      "task.agent_config_snapshot.mcp_servers: expected an object",
    ],
    [
      snapshot({ computer_use_enabled: "on" }),
      "task.agent_config_snapshot.computer_use_enabled: expected true or false",
    ],
    [
      snapshot({ idle_timeout_minutes: 1.5 }),
      "task.agent_config_snapshot.idle_timeout_minutes: expected a whole number",
    ],
    [snapshot({ harness: "oz" }), "task.agent_config_snapshot.harness: expected an object"],
    [
      snapshot({ inference_providers: { aws: { disabled: 1 } } }),
      "task.agent_config_snapshot.inference_providers.aws.disabled: expected true or false",
    ],
    [
      snapshot({ snapshot_upload_timeout_secs: "60" }),
      "task.agent_config_snapshot.snapshot_upload_timeout_secs: expected a whole number",
    ],
    [
      { task: {}, docker_image: 1, sidecar_image: 2, env_vars: 3, additional_oz_args: 4 },
      "docker_image: expected a string; sidecar_image: expected a string; env_vars: expected an object of strings; and 1 more",
    ],
  ];
  test.each(cases)("%j: %s", (data, problem) => {
    const message = decodeAssignment({ task_id: "t-1", ...data });
    if (message.type !== "task_assignment") throw new Error(message.type);
    expect(message.execution).toEqual({ taskId: "t-1", executionId: "" });
    expect(message.read()).toEqual({ kind: "unreadable", problem });
    expect(JSON.stringify(message.read())).not.toContain(SECRET);
  });

  test("a blank execution id is none, wherever it is read", () => {
    for (const id of [" ", "\u00a0 ", ""]) {
      const message = decodeAssignment({ task_id: "t", execution_id: id, task: {} });
      if (message.type !== "task_assignment") throw new Error(message.type);
      expect(message.execution.executionId).toBe("");
      expect(message.read()).toMatchObject({ kind: "assignment", assignment: { execution_id: "" } });
    }
  });

  test("carries the execution id", () => {
    expect(decodeAssignment({ task_id: "t", execution_id: "e" })).toMatchObject({
      execution: { taskId: "t", executionId: "e" },
    });
  });

  test("a frame that is nested beyond reason is skipped before it is read", () => {
    const deep = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
    const withServers = (depth: number) =>
      `{"type":"task_assignment","data":{"task_id":"t","task":{"agent_config_snapshot":{"mcp_servers":${deep(depth)}}}}}`;
    expect(decodeServerMessage(withServers(200)).type).toBe("task_assignment");
    expect(decodeServerMessage(withServers(200_000))).toEqual({
      type: "skipped",
      reason: "a frame that is nested more than 256 deep",
    });
    expect(decodeServerMessage("[".repeat(1_000_000)).type).toBe("skipped");
    // Brackets within a text are none.
    const text = JSON.stringify(`${"[".repeat(5_000)}"`);
    expect(decodeServerMessage(`{"type":"task_assignment","data":{"task_id":"t","task":{},"x":${text}}}`).type).toBe(
      "task_assignment",
    );
  });
});

describe("decodeServerMessage: cancellations", () => {
  const cancelled = (data: object) => decodeServerMessage(frame("task_cancellation", data));
  test.each([undefined, null, ""])("with the execution id %j every execution is meant", (id) => {
    expect(cancelled({ task_id: "t", execution_id: id })).toEqual({ type: "task_cancellation", taskId: "t" });
  });
  test("with an execution id that one is meant", () => {
    expect(cancelled({ task_id: "t", execution_id: "e" })).toEqual({
      ...{ type: "task_cancellation", taskId: "t" },
      executionId: "e",
    });
  });
  test.each([7, {}, " ", "a\u0007", "x".repeat(257)])("with the execution id %j nobody knows which: skipped", (id) => {
    expect(cancelled({ task_id: "t", execution_id: id }).type).toBe("skipped");
  });
});
