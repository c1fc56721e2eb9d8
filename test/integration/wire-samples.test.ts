import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { isRecord } from "../support/json-record.ts";
import { WorkerFixture } from "../support/worker-fixture.ts";
import { readAgentCommand } from "../wire/agent-parser.ts";
import { type SampleFrame, sampleAssignments } from "../wire/samples.ts";

let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start("samples");
});
afterAll(() => fixture.close());

/** Fields that the worker does not act on, each with what nobody would expect there. */
const ODD_TASK = {
  ...{ title: 7, created_at: 1_795_132_800, updated_at: { seconds: 1 }, task_definition: { prompt: ["a", "list"] } },
  ...{ agent_conversation_id: { id: 1 }, later: [{}] },
};

/**
 * A sample as it came, but for its images, which are the test's, and its ids, which are its own; `task` is laid over the
 * sample's. The sidecars' content is the same at each path.
 */
function toRun(sample: SampleFrame, suffix: string, task: object = {}, data: object = {}) {
  const { image, sidecar } = fixture;
  // Two of them are executions of one run.
  const taskId = `${String(sample.data.task_id)}-${sample.name}-${suffix}`;
  const { additional_sidecars: more } = sample.data;
  return {
    ...sample.data,
    ...(sample.data.docker_image === undefined ? {} : { docker_image: image }),
    sidecar_image: sidecar,
    ...(Array.isArray(more) ? { additional_sidecars: more.map((one) => ({ ...one, image: sidecar })) } : {}),
    ...data,
    task_id: taskId,
    task: { ...Object(sample.data.task), id: taskId, ...task },
  };
}

describe("a sample frame of Oz runs to its end", () => {
  for (const sample of sampleAssignments()) {
    test(sample.name, async () => {
      const { oz } = fixture;
      const data = toRun(sample, "whole");
      // Nothing asks for another image where the sample names none: that one is not here.
      await oz.assign({ docker_image: fixture.image, ...data });
      const { type, executionId } = await oz.waitForResult(data.task_id, 60_000);
      expect(type).toBe("task_completed");
      expect(executionId).toBe(String(sample.data.execution_id ?? ""));
    });

    test(`${sample.name}, with odd values in fields that are not used`, async () => {
      const { oz } = fixture;
      const task = isRecord(sample.data.task) ? sample.data.task : {};
      const snapshot = isRecord(task.agent_config_snapshot) ? task.agent_config_snapshot : undefined;
      const odd = {
        ...ODD_TASK,
        owner: null,
        ...(snapshot === undefined ? {} : { agent_config_snapshot: { ...snapshot, base_prompt: 5, later: { x: [] } } }),
      };
      const data = toRun(sample, "odd", odd, { telemetry_collection: [1], later: { deep: [null] } });
      await oz.assign({ docker_image: fixture.image, ...data });
      expect(await oz.waitForResult(data.task_id, 60_000)).toMatchObject({ type: "task_completed" });
    });
  }

  test("what its container was given is what the agent can read", async () => {
    const [sample] = sampleAssignments();
    if (sample === undefined) throw new Error("no sample");
    const script = 'trap "exit 0" TERM; echo ready; sleep 1000 & wait';
    const data = toRun(sample, "read", {}, { env_vars: { OZ_TEST_SCRIPT: script } });
    await fixture.oz.assign(data);
    const container = await fixture.untilReady(data.task_id);
    const { Config } = await container.inspect();
    const command = readAgentCommand((Config.Cmd ?? []).slice(1));
    expect(command.get("--task-id")).toEqual([data.task_id]);
    await fixture.oz.cancel(data.task_id);
    expect((await fixture.oz.waitForResult(data.task_id)).data).toMatchObject({ task_state: "CANCELLED" });
  });
});
