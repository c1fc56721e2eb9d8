import { expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { currentOwner, encodeOwner, type Owner } from "../../src/host/owner.ts";
import { listen } from "../docker/endpoint/local-server.ts";
import { ScratchFolder, withoutRootsRights } from "../docker/endpoint/scratch-folder.ts";
import { tempFolder } from "../docker/registry/temp-folder.ts";
import { TestAuthority } from "../support/certificates.ts";
import { DaemonModel } from "./daemon-model.ts";
import { type Examined, examined, KEY } from "./examined.ts";

const UNSEEN = { url: "ws://127.0.0.1:1/ws", workerId: "w" };
const look = (env: Readonly<Record<string, string>>) => examined({ oz: UNSEEN, env });
const failedOfDocker = ({ failed }: Examined) => failed.filter((line) => !/^FAIL {2}oz /.test(line));

test("a daemon that is well: what it is, where, and what it can", async () => {
  await using daemon = await DaemonModel.start();
  const seen = await look(daemon.env);
  expect(failedOfDocker(seen)).toEqual([]);
  expect(["docker", "limits", "disk", "logs", "orphans"].flatMap((check) => seen.lines(check))).toEqual([
    `ok    docker     27.3.1 on linux/amd64, unix://${daemon.socketPath}, from DOCKER_HOST, API 1.47 of 1.24 to 1.47`,
    "ok    limits     memory, swap, CPU and processes can be limited (cgroups v2)",
    "ok    disk       /var/lib/docker cannot be seen from here: it is on the daemon's machine",
    "ok    logs       json-file can be read",
    "ok    orphans    nothing is left of workers that are gone",
  ]);
});

test("the disk of a daemon on this machine is looked at", async () => {
  await using daemon = await DaemonModel.start({ info: { Name: hostname(), DockerRootDir: "/" } });
  const [line] = (await look(daemon.env)).lines("disk");
  expect(line).toMatch(/^(ok|warn|FAIL) +disk .*[\d.]+ GiB of [\d.]+ GiB free \(\d+ %\) at \//);
});

test("no daemon where DOCKER_HOST says, and none at all", async () => {
  const none = await look({ DOCKER_HOST: "unix:///nowhere/docker.sock" });
  expect(failedOfDocker(none)).toEqual([
    "FAIL  docker     the Docker daemon at unix:///nowhere/docker.sock (from DOCKER_HOST) cannot be used: there is no such " +
      "socket; mend: start Docker, or mount its socket when the worker runs in a container",
  ]);
  for (const check of ["limits", "disk", "logs", "orphans"]) {
    expect(none.lines(check)).toEqual([expect.stringMatching(/^skip .*not possible before docker is mended$/)]);
  }
  const [unknown] = failedOfDocker(await look({ DOCKER_HOST: "", DOCKER_CONTEXT: "prod" }));
  expect(unknown).toMatch(/^FAIL {2}docker .*"prod".*/);
});

/** The command as a process. */
async function command(url: string, env: Readonly<Record<string, string>>, under: readonly string[] = []) {
  const main = join(import.meta.dir, "../../src/main.ts");
  const words = ["doctor", "--worker-id", "w", "--web-socket-url", url];
  const child = Bun.spawn([...under, process.execPath, main, ...words], {
    env: { PATH: process.env.PATH, HOME: "/nowhere", WARP_API_KEY: KEY, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { out, err, code };
}

test("no permission for the socket: as the command says it", async () => {
  await using daemon = await DaemonModel.start();
  chmodSync(daemon.socketPath, 0);
  const { out, err, code } = await command(UNSEEN.url, daemon.env, withoutRootsRights());
  expect({ err, code }).toEqual({ err: "", code: 1 });
  expect(out).toMatch(
    /^FAIL {2}docker .* cannot be used: no permission for this socket(?: \([A-Z]+\))?; mend: add the worker's user to its group/m,
  );
  expect(out).not.toContain(KEY);
});

test("a remote daemon whose certificate is of another authority", async () => {
  using authority = new TestAuthority();
  using other = new TestAuthority();
  using folder = new ScratchFolder();
  folder.write("ca.pem", other.pem);
  const client = other.issue("DNS:client");
  folder.write("cert.pem", client.cert);
  folder.write("key.pem", client.key);
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, tls: authority.issue(), fetch: () => new Response("OK") });
  const DOCKER_HOST = `tcp://127.0.0.1:${server.port}`;
  const seen = await look({ DOCKER_HOST, DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: folder.path });
  expect(failedOfDocker(seen)).toEqual([
    `FAIL  docker     the Docker daemon at ${DOCKER_HOST} with TLS (from DOCKER_HOST) cannot be used: the daemon's ` +
      `certificate is not signed by the CA of ${folder.path}/ca.pem; mend: put the CA that signed it there`,
  ]);
  await server.stop(true);
});

test("a daemon that never answers is a finding, in time", async () => {
  using silent = await listen(() => {});
  const from = performance.now();
  const seen = await look({ DOCKER_HOST: `tcp://127.0.0.1:${silent.port}` });
  expect(performance.now() - from).toBeLessThan(8_000);
  expect(failedOfDocker(seen)).toEqual([
    expect.stringMatching(/^FAIL {2}docker .* no answer within 4 s; mend: see whether the daemon hangs/),
  ]);
}, 15_000);

test("where all hangs, the command says so and ends within 15 s", async () => {
  using silent = await listen(() => {});
  await using folder = await tempFolder();
  await folder.write("config.json", {
    auths: { [`127.0.0.1:${silent.port}`]: { auth: btoa("user:word-0123456789") } },
  });
  const from = performance.now();
  const url = `wss://127.0.0.1:${silent.port}/ws`;
  const env = { DOCKER_HOST: `ssh://127.0.0.1:${silent.port}`, DOCKER_CONFIG: folder.path };
  const { out, err, code } = await command(url, env);
  expect(performance.now() - from).toBeLessThan(15_000);
  expect({ err, code }).toEqual({ err: "", code: 1 });
  expect(out).toMatch(/^FAIL {2}docker {5}no answer of the Docker daemon within 5 s: the check hangs; mend: /m);
  expect(out).toMatch(/^FAIL {2}oz .* within [\d.]+ s.*; mend: /m);
  expect(out).toMatch(/^warn {2}login .* could not be shown the login .*: no answer in time; mend: /m);
  expect(out).not.toContain("word-0123456789");
}, 30_000);

test("limits that cannot be kept and a log driver that keeps nothing are warnings", async () => {
  const info = { LoggingDriver: "none", MemoryLimit: true, SwapLimit: false, CpuCfsQuota: false, CgroupVersion: "1" };
  await using daemon = await DaemonModel.start({ info });
  const seen = await look(daemon.env);
  expect(failedOfDocker(seen)).toEqual([]);
  expect(seen.lines("logs")).toEqual([
    "warn  logs       the output of tasks that fail is lost: the daemon's log driver none keeps nothing; " +
      "mend: set log-driver to local or json-file in the daemon's daemon.json",
  ]);
  expect(seen.lines("limits")).toEqual([
    "warn  limits     the daemon cannot limit swap, which a task may use beyond its memory; nor CPU (cgroups v1); " +
      "mend: boot with cgroup_enable=memory swapaccount=1, or with cgroups v2",
  ]);
});

test("what dead workers have left is counted, what living ones have is not", async () => {
  const alive = { ...currentOwner() };
  const dead = { ...alive, pid: 2 ** 22 - 1, start: "1" };
  const elsewhere = (lease: string): Owner => ({ ...alive, boot: "another", machine: "another", host: "x", lease });
  const [moving, still] = ["a".repeat(16), "b".repeat(16)];
  const labels = (owner: Owner, workerId: string, kind = "claim", attempt = "c".repeat(16)) => ({
    "oz-agent-worker.worker-id": workerId,
    "oz-agent-worker.owner": encodeOwner(owner),
    "oz-agent-worker.kind": kind,
    "oz-agent-worker.attempt": attempt,
  });
  const CreatedAt = new Date().toISOString();
  const volume = (Name: string, Labels: object, at = CreatedAt) => ({ Name, Labels, CreatedAt: at });
  const container = (Name: string, Labels: object) => ({
    Id: Name,
    Names: [`/${Name}`],
    ImageID: "sha256:1",
    State: "running",
    Created: 1,
    Labels,
  });
  const heirs = "d".repeat(16);
  await using daemon = await DaemonModel.start({
    volumes: [
      volume("a1", labels(dead, "left")),
      volume("a2", labels(alive, "here")),
      volume("a3", labels(elsewhere(moving), "elsewhere")),
      volume("a4", labels(elsewhere(still), "still")),
      volume(`oz-agent-worker.lease.${moving}.7`, labels(elsewhere(moving), "elsewhere", "lease")),
      volume(`oz-agent-worker.lease.${still}.7`, labels(elsewhere(still), "still", "lease"), "2020-01-01T00:00:00Z"),
      // Taken over by one that lives.
      volume("a5", labels(dead, "taken", "claim", heirs)),
      volume(`oz-agent-worker.heir.${heirs}.1`, labels(alive, "taken", "heir", heirs)),
    ],
    containers: [
      container("c1", labels(dead, "left", "task")),
      container("c2", labels(alive, "here", "task")),
      container(`oz-task-x-kept-${"e".repeat(16)}`, labels(dead, "left", "task")),
    ],
  });
  const seen = await examined({ oz: { ...UNSEEN, workerId: "left" }, env: daemon.env });
  expect(seen.lines("orphans")).toEqual([
    'warn  orphans    1 container and 1 volume of worker id "left", of which no worker can be seen alive; mend: the next ' +
      "worker of that id, with the same key, takes them over; that is this one: its start takes them over",
    'warn  orphans    2 volumes of worker id "still", of which no worker can be seen alive; mend: the next worker of that ' +
      "id, with the same key, takes them over; start one to have that done",
  ]);
});
