import { describe, expect, test } from "bun:test";
import { buildTaskSpec, type TaskSpecResult } from "../../src/task/build-task-spec.ts";
import type { TaskOptions } from "../../src/task/task-options.ts";
import { assignment as rawAssignment } from "../support/assignment-builder.ts";
import { readAssignment } from "../support/read-assignment.ts";
import { sampleFrame } from "../wire/samples.ts";
import { assignmentOf, optionsOf, withSnapshot } from "./assignments.ts";

function specOrThrow(result: TaskSpecResult) {
  if (result.kind !== "ready") throw new Error(result.detail);
  return result;
}

function specOf(data: Readonly<Record<string, unknown>> = {}, options: Partial<TaskOptions> = {}) {
  return specOrThrow(buildTaskSpec(assignmentOf(data), optionsOf(options))).spec;
}

describe("buildTaskSpec", () => {
  test("the least assignment", () => {
    expect(specOf()).toEqual({
      execution: { taskId: "run-1", executionId: "exec-1" },
      image: "ubuntu:22.04",
      command: [
        ...["/agent/entrypoint.sh", "agent", "run", "--task-id", "task-1", "--sandboxed"],
        ...["--server-root-url", "https://oz.example", "--idle-on-complete"],
      ],
      environment: [
        ...["TASK_ID=task-1", "GIT_TERMINAL_PROMPT=0", "GH_PROMPT_DISABLED=1"],
        "WARP_SERVER_ROOT_URL=https://oz.example",
      ],
      workingDirectory: "/workspace",
      sidecars: [],
      volumes: [],
      limits: {},
      isDefaultImage: true,
      secrets: [],
    });
  });

  test.each([
    [null, "ubuntu:22.04"],
    ["", "ubuntu:22.04"],
    [" \n", "ubuntu:22.04"],
    [" team/image:1 ", "team/image:1"],
  ])("docker_image %j runs %s", (image, expected) => {
    expect(specOf({ docker_image: image }).image).toBe(expected);
  });

  const shapes: readonly [object | null, object][] = [
    [null, {}],
    [{}, {}],
    [{ vcpus: 0, memory_gb: -1 }, {}],
    [{ vcpus: 2 }, { nanoCpus: 2_000_000_000 }],
    [{ memory_gb: 3 }, { memoryBytes: 3_221_225_472 }],
    [
      { vcpus: 8, memory_gb: 32 },
      { nanoCpus: 8_000_000_000, memoryBytes: 34_359_738_368 },
    ],
  ];
  test.each(shapes)("the shape %j limits to %j", (shape, limits) => {
    expect(specOf({ instance_shape: shape }).limits).toEqual(limits);
  });

  test("passes the volumes on in their order", () => {
    const volumes = ["/b:/b:ro", "cache:/a"];
    expect(specOf({}, { volumes }).volumes).toEqual(volumes);
  });

  test("a NUL character in an argument fails by name and without the value", () => {
    const result = buildTaskSpec(assignmentOf({ additional_oz_args: ["hush\0"] }), optionsOf());
    expect(result).toMatchObject({ kind: "failed", reason: "container_create" });
    expect(result).toHaveProperty("detail", expect.stringContaining("NUL"));
    expect(JSON.stringify(result)).not.toContain("hush");
  });

  test("a refused sidecar fails with sidecar_prep", () => {
    const assignment = assignmentOf({ additional_sidecars: [{ image: "tools:1", mount_path: "tools" }] });
    expect(buildTaskSpec(assignment, optionsOf())).toEqual({
      kind: "failed",
      reason: "sidecar_prep",
      detail: 'sidecar additional_sidecars[0] ("tools:1"): the mount path "tools" is not absolute',
    });
  });
});

describe("the environment", () => {
  test("a later source wins over an earlier one, each name once", () => {
    const options = {
      environment: [
        { name: "BOTH", value: "operator" },
        { name: "GH_PROMPT_DISABLED", value: "" },
        { name: "OWN", value: "a=b\nc" },
      ],
    };
    const env_vars = { BOTH: "assignment", TASK_ID: "theirs", ONE: " spaced " };
    expect([...specOf({ env_vars }, options).environment].sort()).toEqual([
      ...["BOTH=operator", "GH_PROMPT_DISABLED=", "GIT_TERMINAL_PROMPT=0", "ONE= spaced ", "OWN=a=b\nc"],
      ...["TASK_ID=theirs", "WARP_SERVER_ROOT_URL=https://oz.example"],
    ]);
  });

  test("holds nothing of the worker's own", () => {
    const own = "OZ_TEST_OWN_VARIABLE";
    process.env[own] = "leak-me-not";
    try {
      expect(JSON.stringify(specOf())).not.toContain("leak-me-not");
    } finally {
      delete process.env[own];
    }
  });

  test("an odd name is only a name", () => {
    const text = '{"__proto__":"one","constructor":"two"}';
    const { environment } = specOf({ env_vars: JSON.parse(text) });
    expect(environment).toContain("__proto__=one");
    expect(environment).toContain("constructor=two");
  });
});

describe("the title", () => {
  test.each([
    ["Fix the  login\n test", "Fix the login test"],
    ["\u001b[31mred\u202e", "\\u001b[31mred\\u202e"],
    ["uses tok-123456789 to push", "uses [redacted] to push"],
    ["x".repeat(500), `${"x".repeat(80)}…`],
    ["  ", undefined],
    [{ any: "thing" }, undefined],
  ])("%j is shown as %j", (title, shown) => {
    const { task, ...data } = rawAssignment();
    const read = readAssignment(
      JSON.stringify({
        type: "task_assignment",
        data: { ...data, env_vars: { TOKEN: "tok-123456789" }, task: { ...task, title } },
      }),
    );
    expect(specOrThrow(buildTaskSpec(read, optionsOf())).spec.title).toBe(shown as string);
  });
});

describe("the secrets", () => {
  test("are not the values of variables that the operator calls plain", () => {
    const assignment = withSnapshot({}, { env_vars: { CHANNEL: "nightly-builds", TOKEN: "tok-123456789" } });
    const { spec } = specOrThrow(buildTaskSpec(assignment, optionsOf({ plainEnvironment: ["CHANNEL"] })));
    expect(spec.secrets).toContain("tok-123456789");
    expect(spec.secrets).not.toContain("nightly-builds");
  });

  test("are values of both environments, of the mcp servers and of the arguments, each once, ordinary ones left out", () => {
    const servers = {
      a: { url: "https://h/?token=t", headers: [{ Authorization: "Bearer b" }], n: 12345 },
      b: "shared-value",
    };
    const assignment = withSnapshot(
      { mcp_servers: servers },
      {
        env_vars: { A: "shared-value", B: "on", C: "   1   ", NODE_ENV: "production" },
        additional_oz_args: ["--note", "argument"],
      },
    );
    const result = buildTaskSpec(assignment, optionsOf({ environment: [{ name: "D", value: "operator" }] }));
    if (result.kind !== "ready") throw new Error(result.detail);
    expect([...result.spec.secrets].sort()).toEqual([
      "Bearer b",
      "argument",
      "https://h/?token=t",
      "operator",
      "shared-value",
    ]);
  });

  test("are those of telemetry and of the harness, too, and of a sample frame", () => {
    const planned = buildTaskSpec(readAssignment(sampleFrame("assignment-team").text), optionsOf());
    const secrets = planned.kind === "ready" ? planned.spec.secrets : [];
    for (const one of ["wk-task-5b1e", "wl-77c2", "ghs_0a1b2c", "tkt-1f0c9d", "bt-90aa"])
      expect(secrets).toContain(one);
    const harness = withSnapshot({ harness_auth_secrets: { name: "a-secret-of-it" } });
    const { spec } = specOrThrow(buildTaskSpec(harness, optionsOf()));
    expect(spec.secrets).toContain("a-secret-of-it");
  });

  test("are looked for within a bound, where they reach the task first", () => {
    const telemetry_collection = Array.from({ length: 60_000 }, (_, index) => `value ${index}`);
    const start = performance.now();
    const assignment = withSnapshot({ mcp_servers: { s: { token: "of-the-server" } } }, { telemetry_collection });
    const { spec } = specOrThrow(buildTaskSpec(assignment, optionsOf()));
    expect(spec.secrets).toContain("of-the-server");
    expect(spec.secrets.length).toBeLessThan(100_000);
    expect(performance.now() - start).toBeLessThan(4_000);
  });

  test("survive a list of many texts", () => {
    const list = Array.from({ length: 10_000 }, () => "same text");
    const result = buildTaskSpec(withSnapshot({ mcp_servers: { list } }), optionsOf());
    expect(result).toMatchObject({ kind: "ready", spec: { secrets: ["same text"] } });
  });
});

describe("what no process can receive is refused before the create, by its name", () => {
  const big = "x".repeat(131_072);
  const cases: readonly [string, Readonly<Record<string, unknown>>, string][] = [
    [
      "a variable",
      { env_vars: { TOKEN: big } },
      'the variable "TOKEN" takes 131079 bytes, and a process can receive 131072 at most',
    ],
    [
      "an argument with its flag",
      { additional_oz_args: ["--conversation", big] },
      "the agent's argument --conversation takes 131073 bytes, and a process can receive 131072 at most",
    ],
    [
      "an argument alone",
      { additional_oz_args: [big] },
      "argument 8 of the agent's command takes 131073 bytes, and a process can receive 131072 at most",
    ],
    [
      "many variables",
      { env_vars: Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`V${n}`, "y".repeat(60_000)])) },
      "the task's variables take 1200188 bytes together, and may take 1048576 at most",
    ],
    [
      "a NUL",
      { additional_oz_args: ["--conversation", "a\0b"] },
      "the agent's argument --conversation holds a NUL character, which no process can receive",
    ],
  ];
  test.each(cases)("%s", (_, data, detail) => {
    expect(buildTaskSpec(assignmentOf(data), optionsOf())).toEqual({
      kind: "failed",
      reason: "container_create",
      detail,
    });
  });

  test("an mcp configuration by its flag, and not by what it holds", () => {
    const result = buildTaskSpec(withSnapshot({ mcp_servers: { s: { token: big } } }), optionsOf());
    expect(result).toMatchObject({
      kind: "failed",
      detail: expect.stringMatching(/^the agent's argument --mcp takes \d+ bytes/),
    });
  });

  test("the largest that goes", () => {
    const result = buildTaskSpec(assignmentOf({ env_vars: { T: "x".repeat(131_072 - 3) } }), optionsOf());
    expect(result.kind).toBe("ready");
  });
});
