import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { version } from "../../package.json";
import { REACHED } from "../../scripts/release/left-out-modules.ts";
import { LABELS } from "../../src/docker/records/labels.ts";
import { runBare, type ShippedBinary, shippedBinary, startBare, stopInOrder } from "../support/shipped.ts";
import { WorkerFixture } from "../support/worker-fixture.ts";
import { startWorker } from "../support/worker-process.ts";
import { type HostileFolder, hostileFolder } from "./hostile-folder.ts";

const ROOT = join(import.meta.dir, "../..");

let binary: ShippedBinary;
let hostile: HostileFolder;
let fixture: WorkerFixture;
const stack = new AsyncDisposableStack();

beforeAll(async () => {
  binary = stack.use(await shippedBinary());
  hostile = stack.use(await hostileFolder(binary.path));
  fixture = stack.use(await WorkerFixture.start("binary", { started: false }));
});
afterAll(() => stack.disposeAsync());

/** Flags with which a worker needs no environment; the daemon is where the machine has it, or a context says. */
function flags(): string[] {
  const { oz } = fixture;
  return ["--api-key", oz.apiKey, ...oz.flags()];
}

/** Starts the binary in the hostile folder with nothing but, where it must be, the address of the tests' daemon. */
function startHere() {
  const { dockerHost } = fixture.environment;
  const usual = dockerHost === "unix:///var/run/docker.sock";
  const command = ["env", "-i", ...(usual ? [] : [`DOCKER_HOST=${dockerHost}`]), hostile.binary];
  return startWorker({ command, args: flags(), cwd: hostile.path });
}

test("it is small enough, and says its release and commit", async () => {
  expect((await stat(binary.path)).size).toBeLessThan(120_000_000);
  const { code, stdout, stderr } = await runBare(binary.path, ["--version"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const commit = existsSync(join(ROOT, ".git")) ? / \(commit [0-9a-f]{40}(?:-dirty)?\)/ : / ?/;
  expect(stdout).toMatch(new RegExp(`^oz-agent-worker ${version.replaceAll(".", "\\.")}${commit.source}\\n$`));
});

test("what is left out of it is not in it", async () => {
  const words: readonly (readonly [string, string])[] = [
    ["ssh2/lib/protocol/kex.js", "Handshake failed: no matching"],
    ["@grpc/grpc-js/build/src/logging.js", "GRPC_NODE_TRACE"],
    ["protobufjs/src/parse.js", "max depth exceeded"],
  ];
  const content = await readFile(binary.path);
  for (const [source, text] of words) {
    expect(await readFile(join(ROOT, "node_modules", source), "utf8")).toContain(text);
    expect({ source, isIn: content.includes(text) }).toEqual({ source, isIn: false });
  }
  expect(content.includes(REACHED)).toBe(true);
});

test("the folder's traps work on a program that minds them", async () => {
  const plain = await runBare(process.execPath, ["run", "plain.ts"], hostile.path);
  expect(plain.code).toBe(99);
  expect(await hostile.wasRun()).toBe(true);
  const settings = await runBare(process.execPath, ["run", "plain.ts"], hostile.settings);
  expect(settings.stdout).toBe("wk-from-the-folder\n");
});

test("the folder decides nothing: neither what runs nor which key and daemon are used", async () => {
  const keyless = await runBare(hostile.binary, ["--worker-id", "w"], hostile.path);
  expect(keyless.code).toBe(2);
  expect(keyless.stderr).toContain("--api-key: required");
  expect((await runBare(hostile.binary, ["--version"], hostile.path)).stdout).not.toContain("6.6.6");
  expect(await hostile.wasRun()).toBe(false);
});

test("the main job, in an empty environment and the hostile folder", async () => {
  const { oz } = fixture;
  await using worker = startHere();
  await oz.waitForLink();
  const health = () => runBare(hostile.binary, ["health", "--worker-id", oz.workerId], hostile.path);

  const cancelled = await fixture.runUntilReady("trap 'exit 0' TERM; echo ready; sleep 1000 & wait");
  const [completed, failed, well] = await Promise.all([
    fixture.run("echo hello"),
    fixture.run("echo broken >&2; exit 3", { additional_sidecars: [{ image: fixture.sidecar, mount_path: "/more" }] }),
    health(),
    oz.cancel(cancelled.task_id),
  ]);
  expect(completed).toMatchObject({ type: "task_completed", data: { message: "Task completed successfully" } });
  expect(failed).toMatchObject({ type: "task_failed", data: { failure_reason: "container_exit", exit_code: 3 } });
  expect(await oz.waitForResult(cancelled.task_id)).toMatchObject({ data: { task_state: "CANCELLED" } });
  expect(well).toMatchObject({ code: 0, stderr: "" });
  expect(well.stdout).toContain(`worker "${oz.workerId}" (pid ${worker.pid}) is connected to Oz`);

  const { stderr } = await stopInOrder(worker);
  expect(stderr).toContain("broken");
  expect(stderr).not.toContain(oz.apiKey);
  expect(await hostile.wasRun()).toBe(false);
  expect(await health()).toMatchObject({ code: 1, stderr: `no worker with the id "${oz.workerId}" runs here\n` });
  expect(oz.violations).toEqual([]);
});

test("a killed worker is not healthy at once, and its task is taken over", async () => {
  const { oz, environment } = fixture;
  await using first = startHere();
  await oz.waitForLink();
  const task = await fixture.runUntilReady("echo ready; sleep 2; exit 4");
  first.kill("SIGKILL");
  await first.exited;
  expect((await runBare(binary.path, ["health", "--worker-id", oz.workerId])).code).toBe(1);
  await using second = startHere();
  const result = await oz.waitForResult(task.task_id);
  expect(result.data).toMatchObject({ failure_reason: "container_exit", exit_code: 4 });
  await fixture.untilCleared(task.task_id);
  await stopInOrder(second);
  const filters = { label: [`${LABELS.workerId}=${oz.workerId}`] };
  expect(await environment.docker.listContainers({ all: true, filters })).toEqual([]);
});

test("it connects quickly and needs little memory (figures are printed)", async () => {
  const { oz } = fixture;
  const figures: { readonly connectedMs: number; readonly idleMb: number }[] = [];
  for (let round = 0; round < 3; round++) {
    const start = performance.now();
    await using worker = startHere();
    await oz.waitForLink();
    const connectedMs = Math.round(performance.now() - start);
    await Bun.sleep(500);
    const status = await readFile(`/proc/${worker.pid}/status`, "utf8");
    figures.push({ connectedMs, idleMb: Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1000) });
    await stopInOrder(worker);
    await oz.waitFor("no link", () => oz.openLinks === 0 || undefined);
  }
  console.log(`binary: ${figures.map((one) => `connected after ${one.connectedMs} ms, ${one.idleMb} MB`).join("; ")}`);
  expect(Math.min(...figures.map(({ connectedMs }) => connectedMs))).toBeLessThan(2_000);
  expect(Math.max(...figures.map(({ idleMb }) => idleMb))).toBeLessThan(150);
});

test("help and refusals come without a Docker daemon or a home", async () => {
  await using help = startBare(binary.path, ["--help"], "/");
  expect((await help.exited).stdout).toContain("oz-agent-worker health");
  expect((await runBare(binary.path, ["health", "--help"])).stdout).toContain("--worker-id ID");
  expect(await runBare(binary.path, ["health", "--bogus"])).toMatchObject({
    code: 2,
    stderr: "health: takes --worker-id ID and nothing else; see oz-agent-worker health --help\n",
  });
});
