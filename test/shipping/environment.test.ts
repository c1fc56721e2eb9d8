import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { join } from "node:path";
import { isProblem } from "../../scripts/environment/problem.ts";
import { compile } from "../../scripts/release/compile.ts";
import { targetRuntime } from "../../scripts/release/runtime.ts";
import { freePort } from "../docker/endpoint/local-server.ts";
import { ScratchFolder } from "../docker/endpoint/scratch-folder.ts";
import { TestAuthority } from "../support/certificates.ts";
import { testEnvironment } from "../support/environment.ts";
import { OzStandIn } from "../support/oz-stand-in.ts";
import { nativeTarget, type ShippedBinary, shippedBinary, stopInOrder } from "../support/shipped.ts";
import { WorkerFixture } from "../support/worker-fixture.ts";
import { runWorker, startWorker } from "../support/worker-process.ts";

/** Variables that change what a program of this runtime does, and what the binary makes of them. */

const folder = new ScratchFolder();
const mark = join(folder.path, "was-run");
const trap = folder.write("trap.cjs", `require("node:fs").writeFileSync(${JSON.stringify(mark)}, "");\n`);
const overrides = folder.write("overrides", "");
let binary: ShippedBinary;
/** The same worker on the runtime as it is. */
let plain = "";
let debuggerPort = 0;

beforeAll(async () => {
  binary = await shippedBinary();
  debuggerPort = await freePort();
  const target = nativeTarget();
  const runtime = await targetRuntime(target, () => {});
  if (isProblem(runtime)) throw new Error(runtime.problem);
  plain = join(folder.path, "plain");
  const problem = await compile({ target, runtime, outfile: plain, commit: undefined });
  if (problem !== undefined) throw new Error(problem.problem);
});
afterAll(async () => {
  await binary?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const wasRun = () => Bun.file(mark).exists();

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
  });
}

describe("before a line of the worker runs", () => {
  const versionOf = (command: string, env: Readonly<Record<string, string>>) =>
    runWorker({ command: [command], args: ["--version"], env });

  test.each([
    ["BUN_BE_BUN", "1", `${Bun.version}\n`],
    ["BUN_BE_BUN", "true", `${Bun.version}\n`],
    ["BUN_OPTIONS", "--version", `${Bun.version}\n`],
  ])("%s=%s makes another program of the runtime, and not of the binary", async (name, value, other) => {
    expect(await versionOf(plain, { [name]: value })).toMatchObject({ stdout: other });
    const { code, stdout, stderr } = await versionOf(binary.path, { [name]: value });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toStartWith("oz-agent-worker ");
  });

  test("BUN_OPTIONS makes the runtime run a file first, and not the binary", async () => {
    const env = { BUN_OPTIONS: `--preload=${trap}` };
    await versionOf(binary.path, env);
    expect(await wasRun()).toBe(false);
    await versionOf(plain, env);
    expect(await wasRun()).toBe(true);
    await Bun.file(mark).delete();
  });

  test.each(["functionOverrides", "configFile"])(
    "BUN_JSC_%s ends the binary with a line that names it",
    async (name) => {
      const variable = `BUN_JSC_${name}`;
      expect((await versionOf(plain, { [variable]: overrides })).code).toBe(0);
      const { code, stdout, stderr } = await versionOf(binary.path, { [variable]: overrides });
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toContain(variable);
    },
  );
});

/** Everything at once, the harmless included. */
const everything = () => ({
  BUN_BE_BUN: "1",
  BUN_OPTIONS: `--preload=${trap}`,
  BUN_INSPECT: `127.0.0.1:${debuggerPort}`,
  BUN_INSPECT_CONNECT_TO: `127.0.0.1:${debuggerPort}`,
  BUN_INSPECT_NOTIFY: `tcp://127.0.0.1:${debuggerPort}`,
  BUN_INSPECT_PRELOAD: trap,
  BUN_CONFIG_VERBOSE_FETCH: "curl",
  NODE_OPTIONS: `--require=${trap}`,
  NODE_DEBUG: "*",
  DEBUG: "*",
});

function startBinary(command: string, oz: OzStandIn, env: Readonly<Record<string, string>>) {
  const { dockerHost } = testEnvironment();
  const args = [...oz.flags(), "--log-level", "debug"];
  return startWorker({ command: [command], args, env: { WARP_API_KEY: oz.apiKey, DOCKER_HOST: dockerHost, ...env } });
}

test("with all of them at once the main job is done, no debugger listens and no secret is printed", async () => {
  await using fixture = await WorkerFixture.start("environment", { started: false });
  const { oz } = fixture;
  const secret = "value-of-a-task-variable";
  // The reason of a refusal is asked for by `fetch`, with the key.
  oz.answerWith({ kind: "refuse", status: 503, body: "busy" });
  await using worker = startBinary(binary.path, oz, everything());
  await worker.waitForLine(/it says "busy"/);
  oz.answerWith({ kind: "accept" });
  await oz.waitForLink();
  expect((await fixture.run("exit 0", { env_vars: { A_SECRET: secret } })).type).toBe("task_completed");
  expect(await isListening(debuggerPort)).toBe(false);
  const { stdout, stderr } = await stopInOrder(worker);
  expect(await wasRun()).toBe(false);
  for (const text of [oz.apiKey, secret]) expect(stdout + stderr).not.toContain(text);
});

test("BUN_INSPECT opens a debugger to everybody in the runtime as it is", async () => {
  await using fixture = await WorkerFixture.start("inspected", { started: false });
  await using worker = startBinary(plain, fixture.oz, { BUN_INSPECT: `127.0.0.1:${debuggerPort}` });
  await fixture.oz.waitForLink();
  expect(await isListening(debuggerPort)).toBe(true);
  await stopInOrder(worker);
});

test("NODE_TLS_REJECT_UNAUTHORIZED=0 opens no link to an impostor, and is named", async () => {
  using stranger = new TestAuthority();
  const oz = new OzStandIn({ tls: stranger.issue("DNS:other.example") });
  await using worker = startBinary(binary.path, oz, { NODE_TLS_REJECT_UNAUTHORIZED: "0" });
  await worker.waitForLine(/WARN .*NODE_TLS_REJECT_UNAUTHORIZED is set and changes nothing/);
  await worker.waitForLine(/Cannot connect to Oz .*TLS to 127\.0\.0\.1:\d+ failed/);
  const { stderr } = await stopInOrder(worker);
  await oz.stop();
  expect(oz.events).toEqual([]);
  expect(stderr).not.toContain(oz.apiKey);
});
