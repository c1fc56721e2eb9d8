import { expect, test } from "bun:test";
import { type TaskContainerRequest, taskContainerBody } from "../../../src/docker/container/task-container.ts";
import { LABELS } from "../../../src/docker/records/labels.ts";

const REQUEST: TaskContainerRequest = {
  spec: {
    execution: { taskId: "t", executionId: "e" },
    image: "app:1",
    command: ["/agent/entrypoint.sh", "agent"],
    environment: ["A=1"],
    workingDirectory: "/workspace",
    sidecars: [],
    volumes: ["/data:/data:ro"],
    limits: {},
    secrets: [],
  },
  labels: { [LABELS.kind]: "task" },
  sidecars: [{ Type: "volume", Source: "v", Target: "/agent" }],
};

test("everything of the task has its place", () => {
  expect(taskContainerBody(REQUEST)).toMatchObject({
    Image: "app:1",
    Cmd: ["/agent/entrypoint.sh", "agent"],
    Env: ["A=1"],
    WorkingDir: "/workspace",
    Labels: { "oz-agent-worker.kind": "task" },
    HostConfig: { Mounts: [{ Type: "volume", Source: "v", Target: "/agent" }], Binds: ["/data:/data:ro"] },
  });
});

test("the image's own entrypoint stays, and nothing is limited that was not asked for", () => {
  const body = JSON.stringify(taskContainerBody(REQUEST));
  for (const key of ["Entrypoint", "NanoCpus", "Memory", "MemorySwap"]) expect(body).not.toContain(key);
});

test("limits: CPUs, and memory with swap pinned to the same figure", () => {
  const spec = { ...REQUEST.spec, limits: { nanoCpus: 2_000_000_000, memoryBytes: 1_073_741_824 } };
  expect(taskContainerBody({ ...REQUEST, spec })).toMatchObject({
    HostConfig: { NanoCpus: 2_000_000_000, Memory: 1_073_741_824, MemorySwap: 1_073_741_824 },
  });
});
