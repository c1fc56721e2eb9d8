import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { WorkerFixture } from "../support/worker-fixture.ts";

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start("frames");
});
afterAll(() => fixture.close());

afterEach(async () => {
  // The process and its one link have stayed, and the next task works.
  expect((await fixture.run("exit 0")).type).toBe("task_completed");
  expect(fixture.oz.openedLinks).toBe(1);
});

const frame = (type: unknown, data: unknown) => JSON.stringify({ type, data });

test("frames that mean nothing are skipped", async () => {
  const before = fixture.oz.received.length;
  for (const text of [
    ...["", " ", "{", "}", "null", "0", "-1e999", "true", '"text"', "[]", "[[]]", "{}", "\u0000", "\ufeff{}"],
    ...['{"type":null}', '{"type":1,"data":{}}', '{"type":"task_assignment"}', '{"data":{"task_id":"x"}}'],
    ...[frame("task_assignment", null), frame("task_assignment", []), frame("task_assignment", "x")],
    ...[frame("task_assignment", {}), frame("task_assignment", { task_id: 7, task: {} })],
    ...[frame("task_assignment", { task_id: "", task: {} }), frame("task_assignment", { task_id: null, task: {} })],
    ...[frame("task_cancellation", null), frame("task_cancellation", { task_id: ["x"] })],
    ...[frame("no_such_type", { task_id: "x" }), frame("constructor", {}), frame("__proto__", {})],
    `[${"[".repeat(100_000)}`,
    `{"type":${"[".repeat(50_000)}${"]".repeat(50_000)}}`,
  ]) {
    await fixture.oz.sendRaw(text);
  }
  await fixture.run("exit 0");
  // Of all of these nothing was answered: the claim and the result are the last task's.
  expect(fixture.oz.received.length - before).toBe(2);
});

test("3 MB of x, and binary frames, are skipped and not shown", async () => {
  const from = fixture.worker.lines.length;
  await fixture.oz.sendRaw("x".repeat(3_000_000));
  await fixture.oz.sendRaw(crypto.getRandomValues(new Uint8Array(65_536)));
  await fixture.oz.sendRaw(new TextEncoder().encode(frame("task_assignment", fixture.task("exit 0"))));
  await fixture.run("exit 0");
  expect(fixture.worker.lines.slice(from).join("\n").length).toBeLessThan(10_000);
});

test("unknown fields everywhere are kept out of the way", async () => {
  const data = fixture.task("exit 0", { task: { unknown: { deep: [1] }, ["__proto__"]: 1 } });
  await fixture.oz.sendRaw(JSON.stringify({ type: "task_assignment", data: { ...data, surprise: null }, more: [] }));
  expect((await fixture.oz.waitForResult(data.task_id)).type).toBe("task_completed");
});

describe("an assignment that cannot be read is claimed and failed, and the field is named", () => {
  const wrong: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ["task", { task: null }],
    ["task", { task: undefined }],
    ["task", { task: [] }],
    ["task", { task: "text" }],
    ["task.id", { task: { id: 5 } }],
    ["task.owner", { task: { owner: "USER" } }],
    ["task.agent_config_snapshot", { task: { agent_config_snapshot: [] } }],
    ["task.agent_config_snapshot.model_id", { task: { agent_config_snapshot: { model_id: {} } } }],
    ["task.agent_config_snapshot.mcp_servers", { task: { agent_config_snapshot: { mcp_servers: "x" } } }],
    [
      "task.agent_config_snapshot.idle_timeout_minutes",
      { task: { agent_config_snapshot: { idle_timeout_minutes: "5" } } },
    ],
    [
      "task.agent_config_snapshot.computer_use_enabled",
      { task: { agent_config_snapshot: { computer_use_enabled: 1 } } },
    ],
    ["execution_id", { execution_id: 3 }],
    ["docker_image", { docker_image: ["x"] }],
    ["sidecar_image", { sidecar_image: true }],
    ["env_vars", { env_vars: ["A=B"] }],
    ["env_vars", { env_vars: { A: 1 } }],
    ["env_vars", { env_vars: { "": "x" } }],
    ["additional_sidecars", { additional_sidecars: {} }],
    ["additional_sidecars[0]", { additional_sidecars: ["image"] }],
    ["additional_sidecars[1].image", { additional_sidecars: [{}, { image: 1 }] }],
    ["additional_sidecars[0].read_write", { additional_sidecars: [{ read_write: "yes" }] }],
    ["additional_oz_args", { additional_oz_args: "--x" }],
    ["additional_oz_args[1]", { additional_oz_args: ["x", null] }],
    ["instance_shape.vcpus", { instance_shape: { vcpus: 1.5 } }],
    ["instance_shape.memory_gb", { instance_shape: { memory_gb: "4" } }],
  ];

  test("whatever field it is", async () => {
    for (const [field, parts] of wrong) {
      const data = { ...fixture.task("exit 0"), ...parts };
      await fixture.oz.sendRaw(frame("task_assignment", data));
      const result = await fixture.oz.waitForResult(data.task_id);
      expect(result.data).toMatchObject({ failure_reason: "unknown" });
      expect(result.data.message).toMatch(new RegExp(`\\b${field.replace(/[.[\]]/g, "\\$&")}: `));
      expect(fixture.oz.typesOf(data.task_id)).toEqual(["task_claimed", "task_failed"]);
    }
  });
});

test("null is absent wherever a field may be absent", async () => {
  const data = {
    ...fixture.task("exit 0"),
    ...{
      execution_id: null,
      env_vars: null,
      additional_sidecars: null,
      additional_oz_args: null,
      instance_shape: null,
    },
  };
  const nulls = { title: null, task_definition: null, owner: null, agent_config_snapshot: null };
  await fixture.oz.sendRaw(frame("task_assignment", { ...data, task: { ...data.task, ...nulls } }));
  expect((await fixture.oz.waitForResult(data.task_id)).type).toBe("task_completed");
});
