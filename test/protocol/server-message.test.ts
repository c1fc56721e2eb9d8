import { describe, expect, test } from "bun:test";
import { decodeServerMessage } from "../../src/protocol/server-message.ts";

const frame = (type: unknown, data: unknown) => JSON.stringify({ type, data });
const decodeAssignment = (data: unknown) => decodeServerMessage(frame("task_assignment", data));

const FULL = {
  task_id: "run-1",
  execution_id: "exec-1",
  task: {
    id: "task-1",
    title: "Fix it",
    task_definition: { prompt: "Fix the build" },
    created_at: "2026-01-02T03:04:05Z",
    updated_at: "2026-01-02T03:04:05Z",
    owner: { Type: "TEAM", Id: "team-1" },
    agent_config_snapshot: {
      environment_id: "env-1",
      base_prompt: "Be brief",
      model_id: "auto",
      profile_id: "profile-1",
      skill_spec: "repo:skill",
      mcp_servers: { gh: { command: "gh-mcp", env: { TOKEN: "x" }, nothing: null } },
      computer_use_enabled: false,
      idle_timeout_minutes: 15,
      harness: { type: "oz" },
      inference_providers: { aws: { disabled: false, role_arn: "arn:aws:iam::1:role/r", region: "us-east-1" } },
      session_sharing: { public_access: "VIEWER" },
      snapshot_disabled: true,
      snapshot_upload_timeout_secs: 60,
      snapshot_script_timeout_secs: 30,
    },
    agent_conversation_id: "conversation-1",
  },
  docker_image: "image:1",
  sidecar_image: "sidecar:1",
  additional_sidecars: [{ image: "extra:1", mount_path: "/extra", read_write: true }],
  additional_oz_args: ["--a", "b"],
  instance_shape: { vcpus: 2, memory_gb: 4 },
};

describe("decodeServerMessage: assignments", () => {
  test("reads every field, with the names of the wire", () => {
    const data = { ...FULL, env_vars: { B: "2", A: "1", __proto__x: "p", constructor: "c" } };
    expect(decodeAssignment(data)).toEqual({
      type: "task_assignment",
      assignment: {
        ...FULL,
        env_vars: [
          ["B", "2"],
          ["A", "1"],
          ["__proto__x", "p"],
          ["constructor", "c"],
        ],
      },
    });
  });

  test("keeps an environment variable named __proto__, and an mcp server named so", () => {
    const text =
      '{"type":"task_assignment","__proto__":{"x":1},"data":{"__proto__":{"task_id":"evil"},"task_id":"t",' +
      '"env_vars":{"__proto__":"v"},"task":{"agent_config_snapshot":{"mcp_servers":{"__proto__":{"a":"b"}}}}}}';
    const message = decodeServerMessage(text);
    if (message.type !== "task_assignment") throw new Error(JSON.stringify(message));
    expect(message.assignment.task_id).toBe("t");
    expect(message.assignment.env_vars).toEqual([["__proto__", "v"]]);
    const servers = message.assignment.task.agent_config_snapshot?.mcp_servers;
    expect(JSON.stringify(servers)).toBe('{"__proto__":{"a":"b"}}');
    expect("x" in {}).toBe(false);
  });

  const MINIMAL = {
    task_id: "run-1",
    execution_id: "",
    task: { id: "run-1" },
    env_vars: [],
    additional_sidecars: [],
    additional_oz_args: [],
  };
  const absent = (value: object, extra: object = {}) =>
    Object.fromEntries(Object.keys({ ...value, ...extra }).map((key) => [key, null]));
  const minimal: readonly [string, unknown][] = [
    ["only what is required", { task_id: "run-1", task: {} }],
    ["null everywhere", { ...absent(FULL, { env_vars: 1 }), task_id: "run-1", task: absent(FULL.task) }],
    ["unknown fields", { task_id: "run-1", task: { later: [{}] }, later: { deep: [null] } }],
    ["a blank task.id", { task_id: "run-1", task: { id: " \n" } }],
  ];
  test.each(minimal)("reads %s", (_name, data) => {
    expect(decodeAssignment(data)).toEqual({ type: "task_assignment", assignment: MINIMAL });
  });

  test("null is absent inside of snapshot, owner, shape and sidecars", () => {
    const message = decodeAssignment({
      task_id: "t",
      task: {
        task_definition: { prompt: null },
        owner: { Type: null, Id: null },
        agent_config_snapshot: {
          ...absent(FULL.task.agent_config_snapshot),
          harness: { type: null },
          inference_providers: { aws: { disabled: null, role_arn: null, region: null } },
          session_sharing: { public_access: null },
        },
      },
      additional_sidecars: [{ image: null, mount_path: null, read_write: null }],
      instance_shape: { vcpus: null, memory_gb: null },
    });
    if (message.type !== "task_assignment") throw new Error(JSON.stringify(message));
    expect(JSON.parse(JSON.stringify(message.assignment))).toEqual({
      task_id: "t",
      execution_id: "",
      task: {
        id: "t",
        task_definition: {},
        owner: {},
        agent_config_snapshot: { harness: {}, inference_providers: { aws: {} }, session_sharing: {} },
      },
      env_vars: [],
      additional_sidecars: [{}],
      additional_oz_args: [],
      instance_shape: {},
    });
  });

  test.each(["../../etc", "a'b\"c", "line\nbreak", "ünï漢", "\ud800 alone", "\0"])(
    "keeps the task id %j as it is",
    (id) => {
      expect(decodeAssignment({ task_id: id, task: {} })).toMatchObject({ assignment: { task_id: id } });
      expect(decodeServerMessage(frame("task_cancellation", { task_id: id }))).toEqual({
        type: "task_cancellation",
        taskId: id,
      });
    },
  );

  test("a shape axis that is not positive is still a shape", () => {
    const shape = { vcpus: -5_000_000_000, memory_gb: 0 };
    expect(decodeAssignment({ task_id: "t", task: {}, instance_shape: shape })).toMatchObject({
      assignment: { instance_shape: shape },
    });
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
    [{ task: { title: [SECRET] } }, "task.title: expected a string"],
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
    [snapshot({ model_id: {} }), "task.agent_config_snapshot.model_id: expected a string"],
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
    expect(message).toEqual({ type: "invalid_assignment", taskId: "t-1", executionId: "", problem });
    expect(JSON.stringify(message)).not.toContain(SECRET);
  });

  test("carries the execution id", () => {
    expect(decodeAssignment({ task_id: "t", execution_id: "e" })).toMatchObject({ taskId: "t", executionId: "e" });
  });

  test("refuses an mcp configuration nested beyond reason, and ignores unknown fields nested so", () => {
    const deep = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
    const withServers = (depth: number) =>
      `{"type":"task_assignment","data":{"task_id":"t","task":{"agent_config_snapshot":{"mcp_servers":${deep(depth)}}}}}`;
    expect(decodeServerMessage(withServers(100)).type).toBe("task_assignment");
    expect(decodeServerMessage(withServers(200_000))).toMatchObject({
      type: "invalid_assignment",
      problem: "task.agent_config_snapshot.mcp_servers: expected an object that is nested less deeply",
    });
    const unknown = `{"type":"task_assignment","data":{"task_id":"t","task":{},"later":${deep(200_000)}}}`;
    expect(decodeServerMessage(unknown).type).toBe("task_assignment");
  });
});
