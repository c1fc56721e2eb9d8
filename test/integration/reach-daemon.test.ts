import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { daemonSocket } from "../docker/endpoint/daemon-socket.ts";
import { freePort, type LocalServer, relayTo } from "../docker/endpoint/local-server.ts";
import { ScratchFolder } from "../docker/endpoint/scratch-folder.ts";
import { startTlsDaemon, type TlsDaemon } from "../docker/endpoint/tls-daemon.ts";
import { TestAuthority } from "../support/certificates.ts";
import { testEnvironment } from "../support/environment.ts";
import { WorkerFixture } from "../support/worker-fixture.ts";
import { runWorker } from "../support/worker-process.ts";

/** The worker as a process on each way to a daemon, with the files that the Docker CLI writes. */

const authority = new TestAuthority();
const stranger = new TestAuthority();
const folder = new ScratchFolder();
const config = join(folder.path, "config");
let tcp: LocalServer;
let tls: TlsDaemon;
let deadPort = 0;

beforeAll(async () => {
  [tcp, tls, deadPort] = await Promise.all([
    relayTo(daemonSocket()),
    startTlsDaemon(authority.issue(), authority),
    freePort(),
  ]);
  const client = authority.issue("DNS:client");
  writeCertificates("certs", authority.pem, client);
  writeCertificates("certs-of-another-ca", stranger.pem, client);
  writeCertificates("certs-of-a-stranger", authority.pem, stranger.issue("DNS:client"));
  // The same three files, where the CLI looks when DOCKER_CERT_PATH is not set.
  writeCertificates("config", authority.pem, client);
  writeCertificates("expired", authority.pem, authority.issue("DNS:client", -1));
  folder.write("no-key/ca.pem", authority.pem);
  folder.write("no-key/cert.pem", client.cert);

  const certs = join(folder.path, "certs");
  docker("create", "plain", "--docker", `host=tcp://127.0.0.1:${tcp.port}`);
  docker(
    "create",
    "secured",
    "--docker",
    `host=tcp://127.0.0.1:${tls.port},ca=${certs}/ca.pem,cert=${certs}/cert.pem,key=${certs}/key.pem`,
  );
  docker("create", "dead", "--docker", `host=tcp://127.0.0.1:${deadPort}`);
});

afterAll(async () => {
  await tls[Symbol.asyncDispose]();
  tcp[Symbol.dispose]();
  for (const one of [authority, stranger, folder]) one[Symbol.dispose]();
});

function writeCertificates(name: string, ca: string, client: { readonly cert: string; readonly key: string }): void {
  folder.write(`${name}/ca.pem`, ca);
  folder.write(`${name}/cert.pem`, client.cert);
  folder.write(`${name}/key.pem`, client.key, 0o600);
}

function docker(...args: readonly string[]): void {
  folder.run(["docker", "--config", config, "context", ...args], { PATH: process.env.PATH, HOME: folder.path });
}

type Variables = Readonly<Record<string, string>>;

/** Nothing but the given variables says where the daemon is. */
const only = (variables: Variables): Variables => ({
  HOME: folder.path,
  DOCKER_HOST: "",
  DOCKER_CONFIG: config,
  ...variables,
});

/** What the worker says of the daemon, once it has run a task there. */
async function runsATask(variables: Variables): Promise<string> {
  await using fixture = await WorkerFixture.start("reach", { env: only(variables) });
  const result = await fixture.run("exit 0");
  expect(result.type).toBe("task_completed");
  return fixture.worker.waitForLine(/Docker daemon found/);
}

/** The line with which a worker ends that cannot use its daemon. */
async function refuses(variables: Variables): Promise<string> {
  const { code, stderr, stdout } = await runWorker({
    args: ["--worker-id", testEnvironment().name("reach-refused"), "--web-socket-url", `ws://127.0.0.1:${deadPort}/`],
    env: { WARP_API_KEY: "wk-test-api-key-0123456789", ...only(variables) },
  });
  expect(code).toBe(1);
  expect(stdout).toBe("");
  const lines = stderr.trimEnd().split("\n");
  expect(lines).toHaveLength(1);
  return lines[0]?.replaceAll(folder.path, "FOLDER") ?? "";
}

describe("a task runs on the daemon that is found by", () => {
  test("DOCKER_HOST with unix", async () => {
    const line = await runsATask({ DOCKER_HOST: `unix://${daemonSocket()}` });
    expect(line).toContain(`unix://${daemonSocket()}`);
    expect(line).toContain("source=DOCKER_HOST");
  });

  test("DOCKER_HOST with tcp", async () => {
    const line = await runsATask({ DOCKER_HOST: `tcp://127.0.0.1:${tcp.port}` });
    expect(line).toContain(`address=tcp://127.0.0.1:${tcp.port}`);
  });

  test("mutual TLS, by DOCKER_TLS_VERIFY and DOCKER_CERT_PATH", async () => {
    const line = await runsATask({
      DOCKER_HOST: `tcp://127.0.0.1:${tls.port}`,
      DOCKER_TLS_VERIFY: "1",
      DOCKER_CERT_PATH: join(folder.path, "certs"),
    });
    expect(line).toContain(`tcp://127.0.0.1:${tls.port} with TLS`);
  });

  test("mutual TLS with the files of the Docker config folder", async () => {
    const line = await runsATask({ DOCKER_HOST: `tcp://127.0.0.1:${tls.port}`, DOCKER_TLS_VERIFY: "1" });
    expect(line).toContain("with TLS");
  });

  test("mutual TLS, by a context that DOCKER_CONTEXT names", async () => {
    const line = await runsATask({ DOCKER_CONTEXT: "secured" });
    expect(line).toContain(`tcp://127.0.0.1:${tls.port} with TLS`);
    expect(line).toMatch(/context .*secured.*DOCKER_CONTEXT/);
  });

  test("currentContext", async () => {
    docker("use", "plain");
    const line = await runsATask({});
    docker("use", "default");
    expect(line).toContain(`tcp://127.0.0.1:${tcp.port}`);
    expect(line).toMatch(/context .*plain.*currentContext of /);
  });

  test("DOCKER_CONTEXT before currentContext", async () => {
    docker("use", "dead");
    const line = await runsATask({ DOCKER_CONTEXT: "plain" });
    docker("use", "default");
    expect(line).toContain(`tcp://127.0.0.1:${tcp.port}`);
  });

  test("DOCKER_HOST before both", async () => {
    docker("use", "dead");
    const line = await runsATask({ DOCKER_HOST: `unix://${daemonSocket()}`, DOCKER_CONTEXT: "unknown" });
    docker("use", "default");
    expect(line).toContain("source=DOCKER_HOST");
  });

  test("DOCKER_API_VERSION, in that version", async () => {
    const line = await runsATask({ DOCKER_HOST: `unix://${daemonSocket()}`, DOCKER_API_VERSION: "1.41" });
    expect(line).toContain("api=1.41");
  });
});

describe("a daemon that cannot be used ends the worker with one line and exit code 1:", () => {
  const secured = (folderName: string): Variables => ({
    DOCKER_HOST: `tcp://127.0.0.1:${tls.port}`,
    DOCKER_TLS_VERIFY: "1",
    DOCKER_CERT_PATH: join(folder.path, folderName),
  });

  const table: readonly (readonly [what: string, variables: () => Variables, ...expected: readonly RegExp[]])[] = [
    ["a dead context", () => ({ DOCKER_CONTEXT: "dead" }), /"dead"/, /DOCKER_CONTEXT/, /connection refused/],
    [
      "an unknown context",
      () => ({ DOCKER_CONTEXT: "unknown" }),
      /no Docker context "unknown"/,
      /"default".*"secured"/,
    ],
    [
      "a dead port",
      () => ({ DOCKER_HOST: `tcp://127.0.0.1:${deadPort}` }),
      /from DOCKER_HOST/,
      /connection refused; start the daemon/,
    ],
    ["no socket", () => ({ DOCKER_HOST: `unix://${folder.path}/none.sock` }), /FOLDER\/none\.sock/, /no such socket/],
    [
      "an address that is none",
      () => ({ DOCKER_HOST: "ftp://127.0.0.1" }),
      /DOCKER_HOST/,
      /use unix:\/\/, tcp:\/\/ or ssh:\/\//,
    ],
    ["TLS that is not asked for", () => ({ DOCKER_HOST: `tcp://127.0.0.1:${tls.port}` }), /set DOCKER_TLS_VERIFY=1/],
    ["a daemon of another CA", () => secured("certs-of-another-ca"), /FOLDER\/certs-of-another-ca\/ca\.pem/],
    [
      "a client of another CA",
      () => secured("certs-of-a-stranger"),
      /refuses the client certificate FOLDER\/certs-of-a-/,
    ],
    ["an expired client", () => secured("expired"), /FOLDER\/expired\/cert\.pem expired on 20/],
    ["a missing key", () => secured("no-key"), /FOLDER\/no-key\/key\.pem does not exist/],
    ["missing files", () => secured("nowhere"), /FOLDER\/nowhere\/ca\.pem does not exist/],
    [
      "a version that the daemon does not speak",
      () => ({ DOCKER_HOST: `unix://${daemonSocket()}`, DOCKER_API_VERSION: "1.99" }),
      /DOCKER_API_VERSION is 1\.99 and the daemon speaks 1\./,
    ],
    [
      "a version that is too old for this worker",
      () => ({ DOCKER_HOST: `unix://${daemonSocket()}`, DOCKER_API_VERSION: "1.40" }),
      /DOCKER_API_VERSION is 1\.40 and this worker needs 1\.41/,
    ],
    [
      "a version that is none",
      () => ({ DOCKER_HOST: `unix://${daemonSocket()}`, DOCKER_API_VERSION: "latest" }),
      /DOCKER_API_VERSION "latest" is not a version/,
    ],
  ];
  test.each(table)("%s", async (_, variables, ...expected) => {
    const line = await refuses(variables());
    for (const pattern of expected) expect(line).toMatch(pattern);
  });
});
