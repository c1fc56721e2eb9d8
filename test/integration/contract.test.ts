import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { agentImage } from "../support/images.ts";
import { OBEDIENT, outputOf, WorkerFixture } from "../support/worker-fixture.ts";

const SESSION_SERVER = "wss://sessions.example.com";
const ROOT_URL = "http://127.0.0.1:9/root";
let folder = "";
let fixture: WorkerFixture;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "contract-"));
  await writeFile(join(folder, "told"), "from the host\n");
  await writeFile(
    join(folder, "config.yaml"),
    `idle_on_complete: 20m
backend:
  docker:
    volumes: ["${folder}:/from-file:ro"]
    environment:
      - name: BOTH
        value: file
      - name: ONLY_FILE
        value: file
      - name: INHERITED
`,
  );
  fixture = await WorkerFixture.start("contract", {
    args: [
      ...["--config-file", join(folder, "config.yaml"), "--server-root-url", ROOT_URL],
      ...["-v", `${folder}:/from-flags:ro`, "-e", "BOTH=flags=x", "-e", "EMPTY="],
      ...["--session-sharing-server-url", SESSION_SERVER],
    ],
    env: { INHERITED: "from the worker", NOT_INHERITED: "stays here" },
  });
});
afterAll(async () => {
  await fixture.close();
  await rm(folder, { recursive: true });
});

test("starts the container exactly as the contract says, and reports exactly two messages", async () => {
  const script = `trap 'exit 0' TERM; printf '%s\\n' "$PWD" "$@"; echo ready; sleep 1000 & wait`;
  const data = fixture.task(script, {
    task: { id: "run-1", owner: { Type: "TEAM", Id: 1 } },
    env_vars: { TASK_ID: "of Oz", BOTH: "Oz", ONLY_OZ: "Oz" },
    additional_oz_args: ["--conversation", "two words"],
    instance_shape: { vcpus: 1, memory_gb: 1 },
    agent_config_snapshot: {
      environment_id: "environment-1",
      model_id: " model ",
      profile_id: "profile",
      skill_spec: "skill",
      mcp_servers: { server: { url: "https://mcp.example.com" } },
      inference_providers: { aws: { role_arn: "arn:role", region: "eu-1" } },
      session_sharing: { public_access: "EDITOR" },
      harness: { type: "oz" },
      snapshot_disabled: true,
      snapshot_upload_timeout_secs: 30,
      snapshot_script_timeout_secs: 60,
    },
  });
  await fixture.oz.assign(data);
  const container = await fixture.untilReady(data.task_id);
  const { Name, Config, HostConfig } = await container.inspect();

  const expected = [
    ...["agent", "run", "--share", "team:edit", "--task-id", "run-1", "--sandboxed", "--server-root-url", ROOT_URL],
    ...["--model", "model", "--profile", "profile", "--skill", "skill"],
    ...["--mcp", '{"server":{"url":"https://mcp.example.com"}}', "--computer-use"],
    ...["--bedrock-inference-role", "arn:role", "--bedrock-role-region", "eu-1", "--harness", "oz"],
    ...["--share", "public:edit", "--no-snapshot", "--snapshot-upload-timeout", "30s"],
    ...["--snapshot-script-timeout", "60s", "--environment", "environment-1", "--conversation", "two words"],
    ...["--idle-on-complete", "20m", "--session-sharing-server-url", SESSION_SERVER],
  ];
  expect(Config.Cmd).toEqual(["/agent/entrypoint.sh", ...expected]);
  expect(await outputOf(container)).toEqual(["/workspace", ...expected, "ready"]);

  const own = Config.Env.filter((entry) => !entry.startsWith("PATH=") && !entry.startsWith("OZ_TEST_SCRIPT="));
  expect(own.sort()).toEqual([
    "BOTH=flags=x",
    "EMPTY=",
    "GH_PROMPT_DISABLED=1",
    "GITHUB_ACCESS_TOKEN=ghs_0a1b2c",
    "GIT_TERMINAL_PROMPT=0",
    "INHERITED=from the worker",
    "ONLY_FILE=file",
    "ONLY_OZ=Oz",
    "TASK_ID=of Oz",
    "WARP_API_KEY=wk-task-5b1e",
    `WARP_SERVER_ROOT_URL=${ROOT_URL}`,
    "WARP_WORKLOAD_TOKEN=wl-77c2",
  ]);
  expect(Config.WorkingDir).toBe("/workspace");
  expect(HostConfig.Binds).toEqual([`${folder}:/from-file:ro`, `${folder}:/from-flags:ro`]);
  const limits = { cpus: HostConfig.NanoCpus, memory: HostConfig.Memory, both: HostConfig.MemorySwap };
  expect(limits).toEqual({ cpus: 1_000_000_000, memory: 1024 ** 3, both: 1024 ** 3 });

  expect(Name).toMatch(/^\/oz-task-/);
  expect(Config.Labels).toMatchObject({
    "oz-agent-worker.worker-id": fixture.workerId,
    "oz-agent-worker.task-id": data.task_id,
    "oz-agent-worker.execution-id": data.execution_id,
  });
  expect(Config.Labels["oz-agent-worker.owner"]).toContain(String(fixture.worker.pid));

  await container.kill({ signal: "SIGTERM" });
  await fixture.oz.waitForResult(data.task_id);
  const ids = { task_id: data.task_id, execution_id: data.execution_id };
  expect(fixture.oz.received.map(({ text }) => JSON.parse(text)).slice(-2)).toEqual([
    { type: "task_claimed", data: { ...ids, worker_id: fixture.workerId } },
    { type: "task_completed", data: { ...ids, message: "Task completed successfully" } },
  ]);
  await fixture.untilCleared(data.task_id);
});

test("mounts sidecars read-only in their order, then the volumes, and tasks can use them", async () => {
  const script = `set -e
    cat /from-file/told /from-flags/told
    for place in /from-file /from-flags /agent /opt/tools; do
      if touch $place/x 2>/dev/null; then exit 8; fi
    done
    test -x /opt/tools/oz
    touch "/opt/own/x"
    exit 7`;
  const sidecars = [
    { image: fixture.sidecar, mount_path: "/opt/tools" },
    { image: fixture.sidecar, mount_path: "/opt/own/", read_write: true },
  ];
  const result = await fixture.run(script, { additional_sidecars: sidecars });
  expect(result.data).toMatchObject({ failure_reason: "container_exit", exit_code: 7 });
});

test("a bare task has no limits, the agent's own idle time and the image's ENTRYPOINT", async () => {
  const wrapped = await agentImage(fixture.environment, "wrapped", { entrypoint: ["/bin/env", "WRAPPED=yes"] });
  const script = `test "$WRAPPED" = yes && ${OBEDIENT}`;
  const data = fixture.task(script, {
    docker_image: wrapped.reference,
    task: { owner: null, agent_config_snapshot: null },
    instance_shape: { vcpus: 0, memory_gb: -1 },
  });
  await fixture.oz.assign(data);
  const container = await fixture.untilReady(data.task_id);
  const { Config, HostConfig } = await container.inspect();
  expect(Config.Entrypoint).toEqual(["/bin/env", "WRAPPED=yes"]);
  expect(Config.Cmd?.slice(0, 4)).toEqual(["/agent/entrypoint.sh", "agent", "run", "--task-id"]);
  expect(Config.Cmd?.slice(-4)).toEqual(["--idle-on-complete", "20m", "--session-sharing-server-url", SESSION_SERVER]);
  const limits = { cpus: HostConfig.NanoCpus, memory: HostConfig.Memory, both: HostConfig.MemorySwap };
  expect(limits).toEqual({ cpus: 0, memory: 0, both: 0 });
  await container.kill({ signal: "SIGTERM" });
  expect((await fixture.oz.waitForResult(data.task_id)).data).toMatchObject({ exit_code: 3 });
});
