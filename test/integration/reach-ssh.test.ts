import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { childrenOf, type SshServer, startSshServer } from "../docker/endpoint/ssh-server.ts";
import { testEnvironment } from "../support/environment.ts";
import { until } from "../support/until.ts";
import { OBEDIENT, WorkerFixture } from "../support/worker-fixture.ts";
import { runWorker, startWorker } from "../support/worker-process.ts";

/** A daemon behind a real sshd, reached with the machine's own ssh. */

let server: SshServer;
// The path of a socket is short: no room for a long name.
const folder = mkdtempSync(join(tmpdir(), "s-"));

beforeAll(async () => {
  server = await startSshServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function overSsh(variables: Readonly<Record<string, string>> = {}): Record<string, string> {
  // The daemon of this run need not have the usual socket.
  const socketPath = testEnvironment().dockerHost.slice("unix://".length);
  return { HOME: folder, TMPDIR: folder, PATH: server.path, DOCKER_HOST: `ssh://box${socketPath}`, ...variables };
}

/** All processes below one. */
function below(pid: number): readonly number[] {
  return childrenOf(pid).flatMap((child) => [child, ...below(child)]);
}

function sshBelow(pid: number): readonly number[] {
  return below(pid).filter((child) => /(^|\/)ssh$/.test(commandOf(child)[0] ?? ""));
}

function commandOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

/** All processes that were started for a tunnel of this file's workers. */
function tunnelProcesses(): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => commandOf(Number(name)).join(" "))
    .filter((command) => command.includes(`${folder}/oz-agent-worker-ssh-`));
}

function tunnelFolders(): readonly string[] {
  return readdirSync(folder).filter((name) => name.startsWith("oz-agent-worker-ssh-"));
}

describe("a daemon behind ssh", () => {
  test("runs tasks, and nothing of the tunnel is left when the worker ends", async () => {
    {
      await using fixture = await WorkerFixture.start("ssh", { env: overSsh() });
      const line = await fixture.worker.waitForLine(/Docker daemon found/);
      expect(line).toContain("address=ssh://box");
      expect(line).toContain("source=DOCKER_HOST");
      expect((await fixture.run("exit 0")).type).toBe("task_completed");
      expect((await fixture.run("exit 7")).data).toMatchObject({ failure_reason: "container_exit", exit_code: 7 });
      expect(tunnelProcesses()).not.toEqual([]);
    }
    expect(tunnelProcesses()).toEqual([]);
    expect(tunnelFolders()).toEqual([]);
  });

  test("a tunnel that is killed while a task runs is opened again, and the result arrives", async () => {
    await using fixture = await WorkerFixture.start("ssh-killed", { env: overSsh() });
    const data = await fixture.runUntilReady("echo ready; sleep 2; exit 5");
    const [ssh] = sshBelow(fixture.worker.pid);
    if (ssh === undefined) throw new Error("the worker has no ssh");
    process.kill(ssh, "SIGKILL");
    await fixture.worker.waitForLine(/ssh tunnel to the Docker daemon ended/);
    await fixture.worker.waitForLine(/ssh tunnel to the Docker daemon is open again/);
    const result = await fixture.oz.waitForResult(data.task_id, 30_000);
    expect(result.data).toMatchObject({ failure_reason: "container_exit", exit_code: 5 });
    await fixture.untilCleared(data.task_id);
    expect((await fixture.run("exit 0")).type).toBe("task_completed");
  });

  test("a host that is away while a task ends: the result arrives when it is back", async () => {
    await using fixture = await WorkerFixture.start("ssh-away", { env: overSsh() });
    const data = await fixture.runUntilReady("echo ready; sleep 1; exit 6");
    await server.stop();
    await fixture.worker.waitForLine(/ssh tunnel to the Docker daemon ended.*Connection refused/);
    await Bun.sleep(1_000);
    expect(fixture.oz.typesOf(data.task_id)).toEqual(["task_claimed"]);
    await server.start();
    const result = await fixture.oz.waitForResult(data.task_id, 30_000);
    expect(result.data).toMatchObject({ failure_reason: "container_exit", exit_code: 6 });
  });

  test("kill -9 of the worker takes its ssh along; the next worker clears the socket's folder away", async () => {
    {
      await using fixture = await WorkerFixture.start("ssh-kill-9", { env: overSsh() });
      expect(sshBelow(fixture.worker.pid)).toHaveLength(1);
      const [old = ""] = tunnelFolders();
      await fixture.killWorker();
      await until("the end of ssh", () => tunnelProcesses().length === 0);
      expect(tunnelFolders()).toEqual([old]);
      fixture.startWorker();
      await fixture.oz.waitForLink();
      expect(tunnelFolders()).toHaveLength(1);
      expect(tunnelFolders()).not.toEqual([old]);
    }
    expect(tunnelFolders()).toEqual([]);
  });

  test("SIGTERM to all of the worker's processes, as systemd sends it, does not cut off the shutdown", async () => {
    await using fixture = await WorkerFixture.start("ssh-sigterm", { env: overSsh() });
    const data = await fixture.runUntilReady(OBEDIENT);
    for (const pid of [...below(fixture.worker.pid), fixture.worker.pid]) process.kill(pid, "SIGTERM");
    expect((await fixture.worker.exited).code).toBe(0);
    expect((await fixture.oz.waitForResult(data.task_id)).data.failure_reason).toBe("graceful_shutdown");
    expect(tunnelProcesses()).toEqual([]);
  });
});

describe("an ssh that does not get there ends the worker with ssh's own words and what to do:", () => {
  async function refuses(variables: Readonly<Record<string, string>>): Promise<string> {
    const { code, stderr } = await runWorker({
      args: ["--worker-id", testEnvironment().name("ssh-refused"), "--web-socket-url", "ws://127.0.0.1:9/"],
      env: { WARP_API_KEY: "wk-test-api-key-0123456789", ...overSsh(variables) },
    });
    expect(code).toBe(1);
    expect(tunnelProcesses()).toEqual([]);
    expect(tunnelFolders()).toEqual([]);
    return stderr;
  }

  test("a host that is not in known_hosts", async () => {
    const line = await refuses({ PATH: server.pathOfStranger });
    expect(line).toContain("(from DOCKER_HOST) cannot be used: ssh failed: Host key verification failed");
    expect(line).toContain("run `ssh box` once as the worker's user and accept the host key");
  });

  test("permission denied", async () => {
    const line = await refuses({ DOCKER_HOST: "ssh://nobody-here@box" });
    expect(line).toContain("Permission denied (publickey");
    expect(line).toContain("make `ssh nobody-here@box` work for the worker's user without a question");
  });

  test("a port that refuses", async () => {
    const line = await refuses({ DOCKER_HOST: "ssh://box:9" });
    expect(line).toContain("ssh://box:9 (from DOCKER_HOST) cannot be used: ssh failed:");
    expect(line).toContain("Connection refused");
  });

  test("a host without a daemon", async () => {
    const line = await refuses({ DOCKER_HOST: "ssh://box/nowhere/docker.sock" });
    expect(line).toContain("/nowhere/docker.sock");
  });

  test("no ssh in PATH", async () => {
    const line = await refuses({ PATH: folder });
    expect(line).toContain("there is no `ssh` in PATH; install the OpenSSH client");
  });

  test("a signal while ssh is still connecting leaves no ssh behind", async () => {
    await using mute = await startMute();
    await using worker = startWorker({
      args: ["--worker-id", testEnvironment().name("ssh-mute"), "--web-socket-url", "ws://127.0.0.1:9/"],
      env: { WARP_API_KEY: "wk-test-api-key-0123456789", ...overSsh({ DOCKER_HOST: `ssh://box:${mute.port}` }) },
    });
    await until("ssh", () => tunnelProcesses().length > 0);
    worker.kill("SIGTERM");
    expect((await worker.exited).code).toBe(0);
    await until("the end of ssh", () => tunnelProcesses().length === 0);
  });
});

/** Accepts connections and says nothing. */
async function startMute(): Promise<AsyncDisposable & { readonly port: number }> {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  return {
    port: server.port,
    [Symbol.asyncDispose]: async () => server.stop(true),
  };
}
