import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { SshEndpoint } from "../../../src/docker/endpoint/docker-endpoint.ts";
import { getFromEngine } from "../../../src/docker/endpoint/engine-get.ts";
import { openSshTunnel } from "../../../src/docker/endpoint/ssh-tunnel.ts";
import { systemClock } from "../../../src/support/clock.ts";
import { type RecordedLog, recordedLog } from "../../support/recorded-log.ts";
import { daemonSocket } from "./daemon-socket.ts";
import { freePort } from "./local-server.ts";
import { processes } from "./processes.ts";
import { ScratchFolder } from "./scratch-folder.ts";
import { type SshServer, startSshServer } from "./ssh-server.ts";

let server: SshServer;
beforeAll(async () => {
  server = await startSshServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const box = (): SshEndpoint => ({ kind: "ssh", host: "box", remoteSocket: daemonSocket() });

function open(endpoint: SshEndpoint, path: string, log: RecordedLog = recordedLog()) {
  return openSshTunnel(endpoint, { log, clock: systemClock, env: { ...process.env, PATH: path } });
}

async function openToBox(log?: RecordedLog) {
  const tunnel = await open(box(), server.path, log);
  if (tunnel.kind === "failed") throw new Error(tunnel.problem);
  return tunnel;
}

async function problemOf(endpoint: SshEndpoint, path: string): Promise<string> {
  const tunnel = await open(endpoint, path);
  if (tunnel.kind === "failed") return tunnel.problem;
  await tunnel.close();
  return "none: the tunnel is open";
}

async function answers(socketPath: string): Promise<boolean> {
  const answer = await getFromEngine({ kind: "unix", socketPath }, "/_ping", { clock: systemClock, timeoutMs: 2000 });
  return answer.kind === "answer" && answer.status === 200;
}

/** Processes of a tunnel: the ssh itself, and the guards around it. */
function processesOf(socketPath: string): { readonly ssh: readonly number[]; readonly guards: readonly number[] } {
  const mine = processes().filter(({ command }) => command.includes(`${socketPath}:`));
  const pids = (isSsh: boolean) =>
    mine.filter(({ command }) => /^\S*ssh /.test(command) === isSsh).map(({ pid }) => pid);
  return { ssh: pids(true), guards: pids(false) };
}

async function until(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 15_000;
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`not within 15 s: ${what}`);
    await Bun.sleep(20);
  }
}

const nothingLeft = (socketPath: string) => {
  const { ssh, guards } = processesOf(socketPath);
  return ssh.length + guards.length === 0;
};

describe("a tunnel by the user's own ssh", () => {
  test("leads to the daemon, and leaves nothing when it is closed", async () => {
    const tunnel = await openToBox();
    expect(await answers(tunnel.socketPath)).toBe(true);
    expect(processesOf(tunnel.socketPath).ssh).toHaveLength(1);
    await tunnel.close();
    expect(nothingLeft(tunnel.socketPath)).toBe(true);
    expect(existsSync(dirname(tunnel.socketPath))).toBe(false);
  });

  test("is not cut off by the signals that end a service or a terminal's programs", async () => {
    const tunnel = await openToBox();
    try {
      const { ssh, guards } = processesOf(tunnel.socketPath);
      for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
        for (const pid of [...ssh, ...guards]) process.kill(pid, signal);
      }
      await Bun.sleep(50);
      expect(processesOf(tunnel.socketPath).ssh).toEqual(ssh);
      expect(await answers(tunnel.socketPath)).toBe(true);
    } finally {
      await tunnel.close();
    }
  });
});

describe("a tunnel that breaks is opened again on the same socket", () => {
  test("when ssh dies", async () => {
    const log = recordedLog();
    const tunnel = await openToBox(log);
    try {
      for (const pid of processesOf(tunnel.socketPath).ssh) process.kill(pid, "SIGKILL");
      await until("the tunnel is open again", () => log.messages("info").length > 0);
      expect(await answers(tunnel.socketPath)).toBe(true);
      expect(log.messages("warn")).toEqual(["The ssh tunnel to the Docker daemon ended; it is opened again"]);
    } finally {
      await tunnel.close();
    }
  });

  test("when its guard dies, without leaving an ssh behind", async () => {
    const tunnel = await openToBox();
    try {
      const before = processesOf(tunnel.socketPath);
      const leader = Math.min(...before.guards);
      process.kill(leader, "SIGKILL");
      await until("another ssh runs alone", () => {
        const { ssh } = processesOf(tunnel.socketPath);
        return ssh.length === 1 && ssh[0] !== before.ssh[0];
      });
      await until("the daemon answers", () => answers(tunnel.socketPath));
    } finally {
      await tunnel.close();
    }
    expect(nothingLeft(tunnel.socketPath)).toBe(true);
  });

  test("when the far side goes and comes back", async () => {
    const log = recordedLog();
    await using other = await startSshServer();
    const tunnel = await open(box(), other.path, log);
    if (tunnel.kind === "failed") throw new Error(tunnel.problem);
    try {
      await other.stop();
      await until("a new attempt was refused", () => log.text().includes("Connection refused"));
      expect(await answers(tunnel.socketPath)).toBe(false);
      await other.start();
      await until("the daemon answers", () => answers(tunnel.socketPath));
    } finally {
      await tunnel.close();
    }
    expect(nothingLeft(tunnel.socketPath)).toBe(true);
  });

  test("not after it was closed", async () => {
    await using other = await startSshServer();
    const log = recordedLog();
    const tunnel = await open(box(), other.path, log);
    if (tunnel.kind === "failed") throw new Error(tunnel.problem);
    await other.stop();
    await until("the end was noticed", () => log.messages("warn").length > 0);
    await tunnel.close();
    await Bun.sleep(400);
    expect(nothingLeft(tunnel.socketPath)).toBe(true);
  });
});

test("a tunnel is gone after kill -9 of its process, and the next start sweeps its folder", async () => {
  const root = join(import.meta.dir, "../../../src");
  const script = `
    import { openSshTunnel } from "${root}/docker/endpoint/ssh-tunnel.ts";
    import { systemClock } from "${root}/support/clock.ts";
    import { spawn } from "node:child_process";
    const quiet = () => {};
    const log = { debug: quiet, info: quiet, warn: quiet, error: quiet, with: () => log };
    const endpoint = ${JSON.stringify(box())};
    const tunnel = await openSshTunnel(endpoint, { log, clock: systemClock, env: process.env });
    // A child of the worker that outlives it must not keep the tunnel alive.
    const heir = spawn("sleep", ["30"], { stdio: "ignore" });
    console.log(JSON.stringify({ heir: heir.pid, ...tunnel }));
    setTimeout(quiet, 30_000);`;
  const worker = Bun.spawn([process.execPath, "-e", script], {
    env: { ...process.env, PATH: server.path },
    stdout: "pipe",
    stderr: "inherit",
  });
  let heir: number | undefined;
  try {
    const first = await worker.stdout.getReader().read();
    const said = JSON.parse(new TextDecoder().decode(first.value));
    heir = said.heir;
    expect(said.problem).toBeUndefined();
    expect(await answers(said.socketPath)).toBe(true);
    worker.kill("SIGKILL");
    await worker.exited;
    await until("ssh and its guards are gone", () => nothingLeft(said.socketPath));
    expect(existsSync(dirname(said.socketPath))).toBe(true);
    const next = await openToBox();
    await next.close();
    expect(existsSync(dirname(said.socketPath))).toBe(false);
  } finally {
    worker.kill("SIGKILL");
    if (heir !== undefined) process.kill(heir, "SIGKILL");
  }
});

describe("what keeps ssh from connecting is said in its own last line", () => {
  test("a host that is not known", async () => {
    expect(await problemOf(box(), server.pathOfStranger)).toBe(
      "ssh failed: Host key verification failed; " +
        "run `ssh box` once as the worker's user and accept the host key, or put it into known_hosts",
    );
  });
  test("a user who is not let in", async () => {
    const problem = await problemOf({ ...box(), user: "oz-nobody-here" }, server.path);
    expect(problem).toMatch(/^ssh failed: .*Permission denied \(publickey\); make `ssh oz-nobody-here@box` work for/);
  });
  test("a port that refuses", async () => {
    const port = await freePort();
    expect(await problemOf({ ...box(), port }, server.path)).toBe(
      `ssh failed: ssh: connect to host 127.0.0.1 port ${port}: Connection refused; ` +
        `make \`ssh -p ${port} box\` work for the worker's user without a question`,
    );
  });
  test("no such socket there", async () => {
    const problem = await problemOf({ ...box(), remoteSocket: "/no/such.sock" }, server.path);
    expect(problem).toContain("ssh is connected, but no Docker daemon answers through it: channel");
    expect(problem).toEndWith("see that /no/such.sock exists there and that the user may use it");
  });
  test("no ssh", async () => {
    expect(await problemOf(box(), "/no/such/folder")).toBe("there is no `ssh` in PATH; install the OpenSSH client");
  });
  test("an ssh that writes without end, to a terminal, with the worker's key in reach", async () => {
    using folder = new ScratchFolder();
    const seen = join(folder.path, "environment");
    folder.write("ssh", `#!/bin/sh\nenv >${seen}\nseq 20000 >&2\nprintf '\\033[31mred\\n\\n' >&2\nexit 1\n`, 0o755);
    const env = { PATH: `${folder.path}:${process.env.PATH}`, WARP_API_KEY: "wk-secret", OTHER: "kept" };
    const tunnel = await openSshTunnel(box(), { log: recordedLog(), clock: systemClock, env });
    const problem = tunnel.kind === "failed" ? tunnel.problem : "";
    expect(problem).toStartWith("ssh failed: \\u001b[31mred; ");
    expect(readFileSync(seen, "utf8")).toContain("OTHER=kept");
    expect(readFileSync(seen, "utf8")).not.toContain("wk-secret");
  });
});
