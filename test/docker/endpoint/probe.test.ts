import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { TlsMaterial } from "../../../src/docker/endpoint/docker-endpoint.ts";
import type { EngineAddress } from "../../../src/docker/endpoint/engine-get.ts";
import { probeEngine } from "../../../src/docker/endpoint/probe.ts";
import { systemClock } from "../../../src/support/clock.ts";
import { TestAuthority } from "../../support/certificates.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { until } from "../../support/until.ts";
import { daemonSocket } from "./daemon-socket.ts";
import { answerWith, freePort, httpAnswer, type LocalServer, listen, relayTo } from "./local-server.ts";
import { ScratchFolder, withoutRootsRights } from "./scratch-folder.ts";
import { startTlsDaemon, type TlsDaemon } from "./tls-daemon.ts";

const at = (port: number, tls?: TlsMaterial): EngineAddress => ({
  kind: "tcp",
  host: "127.0.0.1",
  port,
  ...(tls === undefined ? {} : { tls }),
});

async function probe(address: EngineAddress, env: Record<string, string> = {}): Promise<string> {
  const result = await probeEngine({ address, endpoint: address, source: "DOCKER_HOST", env, clock: systemClock });
  return result.kind === "failed" ? result.problem : `${result.platform.os} ${result.apiVersion}`;
}

const USABLE = /^linux 1\.(4[1-9]|5[01])$/;

describe("the daemon itself", () => {
  test("over its socket", async () => {
    const socketPath = daemonSocket();
    const address = { kind: "unix", socketPath } as const;
    const request = { address, endpoint: address, source: `the socket ${socketPath}`, env: {}, clock: systemClock };
    expect(await probeEngine(request)).toEqual({
      kind: "usable",
      platform: { os: "linux", architecture: process.arch === "arm64" ? "arm64" : "amd64" },
      apiVersion: expect.stringMatching(/^1\.(4[1-9]|5[01])$/),
      engineVersion: expect.stringMatching(/^\d+\.\d+/),
    });
  });
  test("over tcp", async () => {
    using relay = await relayTo(daemonSocket());
    expect(await probe(at(relay.port))).toMatch(USABLE);
    expect(await probe({ kind: "tcp", host: "localhost", port: relay.port })).toMatch(USABLE);
  });
  test("pinned", async () => {
    const address = { kind: "unix", socketPath: daemonSocket() } as const;
    expect(await probe(address, { DOCKER_API_VERSION: "1.41" })).toBe("linux 1.41");
    expect(await probe(address, { DOCKER_API_VERSION: "1.999" })).toContain(
      "DOCKER_API_VERSION is 1.999 and the daemon speaks 1.",
    );
  });
  test("nothing but the port refuses", async () => {
    const port = await freePort();
    expect(await probe(at(port))).toBe(
      `the Docker daemon at tcp://127.0.0.1:${port} (from DOCKER_HOST) cannot be used: ` +
        "connection refused; start the daemon there, and check host and port",
    );
  });
});

describe("behind mutual TLS", () => {
  let authority: TestAuthority;
  let daemon: TlsDaemon;
  let material: TlsMaterial;

  beforeAll(async () => {
    authority = new TestAuthority();
    daemon = await startTlsDaemon(authority.issue("IP:127.0.0.1"), authority);
    material = { ca: authority.pem, ...authority.issue("DNS:client"), verify: true, folder: "/certs" };
  });
  afterAll(async () => {
    await daemon[Symbol.asyncDispose]();
    authority[Symbol.dispose]();
  });

  test("with the right files", async () => {
    expect(await probe(at(daemon.port, material))).toMatch(USABLE);
  });
  test("without verification the daemon's CA does not matter", async () => {
    const { ca: _, ...withoutCa } = material;
    expect(await probe(at(daemon.port, { ...withoutCa, verify: false }))).toMatch(USABLE);
  });
  test("the wrong CA", async () => {
    using stranger = new TestAuthority();
    expect(await probe(at(daemon.port, { ...material, ca: stranger.pem }))).toContain(
      "the daemon's certificate is not signed by the CA of /certs/ca.pem",
    );
  });
  test("a client of another CA", async () => {
    using stranger = new TestAuthority();
    expect(await probe(at(daemon.port, { ...material, ...stranger.issue("DNS:client") }))).toContain(
      "the daemon refuses the client certificate /certs/cert.pem",
    );
  });
  test("no client certificate", async () => {
    expect(await probe(at(daemon.port, { ca: authority.pem, verify: true, folder: "/certs" }))).toContain(
      "the daemon wants a client certificate; put cert.pem and key.pem into /certs",
    );
  });
  test("a name that the certificate does not hold", async () => {
    expect(await probe({ kind: "tcp", host: "localhost", port: daemon.port, tls: material })).toContain(
      "the daemon's certificate is for another host",
    );
  });
  test("an expired certificate", async () => {
    await using old = await startTlsDaemon(authority.issue("IP:127.0.0.1", -1), authority);
    expect(await probe(at(old.port, material))).toContain("the daemon's certificate has expired");
  });
  test("plain HTTP to it", async () => {
    expect(await probe(at(daemon.port))).toContain("if the daemon wants TLS, set DOCKER_TLS_VERIFY=1");
  });
  test("TLS to a daemon without it", async () => {
    using relay = await relayTo(daemonSocket());
    expect(await probe(at(relay.port, material))).toMatch(/does not speak TLS on this port|speaks TLS on this port/);
  });
});

describe("sockets that lead nowhere", () => {
  test("none, a folder, a file", async () => {
    using folder = new ScratchFolder();
    const at = (name: string) => ({ kind: "unix", socketPath: join(folder.path, name) }) as const;
    mkdirSync(at("folder").socketPath);
    folder.write("file", "");
    expect(await probe(at("none"))).toContain("there is no such socket; start Docker");
    expect(await probe(at("folder"))).toContain("is a folder, not a socket");
    expect(await probe(at("file"))).toContain("is not a socket");
  });
  test("one that this user may not use", async () => {
    using folder = new ScratchFolder();
    const socketPath = join(folder.path, "docker.sock");
    using _server = Bun.listen({ unix: socketPath, socket: { data() {} } });
    chmodSync(socketPath, 0);
    const script = `
      import { probeEngine } from "${import.meta.dir}/../../../src/docker/endpoint/probe.ts";
      import { systemClock } from "${import.meta.dir}/../../../src/support/clock.ts";
      const address = { kind: "unix", socketPath: "${socketPath}" };
      const probe = await probeEngine({ address, endpoint: address, source: "DOCKER_HOST", env: {}, clock: systemClock });
      console.log(probe.problem);`;
    const command = [...withoutRootsRights(), process.execPath, "-e", script];
    // The socket is served by this process: it must not block while the other one asks.
    const child = Bun.spawn(command, { stdout: "pipe" });
    expect(await new Response(child.stdout).text()).toMatch(/no permission for this socket; .*gid \d+/);
  });
});

describe("servers that answer otherwise", () => {
  const linux = { ApiVersion: "1.41", MinAPIVersion: "1.12", Version: "20.10.24", Os: "linux", Arch: "amd64" };
  const table: readonly (readonly [string, string, string])[] = [
    ["x86_64", httpAnswer(200, { ...linux, Arch: "x86_64" }), "linux 1.41"],
    ["aarch64", httpAnswer(200, { ...linux, Arch: "aarch64" }), "linux 1.41"],
    ["Windows", httpAnswer(200, { ...linux, Os: "windows" }), "it runs Windows containers"],
    ["another platform", httpAnswer(200, { ...linux, Arch: "s390x" }), "its platform is linux/s390x; tasks need linux"],
    [
      "an old daemon",
      httpAnswer(200, { ...linux, ApiVersion: "1.40" }),
      "it speaks API 1.40 and this worker needs 1.41",
    ],
    ["no version", httpAnswer(200, "OK"), "its answer to /version is not a Docker daemon's"],
    ["a list", httpAnswer(200, []), "its answer to /version is not a Docker daemon's"],
    ["odd types", httpAnswer(200, { ...linux, Arch: 7 }), "its answer to /version is not a Docker daemon's"],
    ["another server", httpAnswer(404, "no"), "it answers with HTTP 404"],
    ["no HTTP", "SSH-2.0-OpenSSH_9.2\r\n", "check that a Docker daemon listens at this address"],
    ["an endless answer", httpAnswer(200, "x".repeat(3_000_000)), "the answer is too long"],
  ];
  test.each(table)("%s", async (_, answer, words) => {
    using server = await answerWith(answer);
    const line = await probe(at(server.port));
    expect(line).toContain(words);
    expect(line).not.toContain("\n");
  });

  test("one that closes at once", async () => {
    using server = await listen((socket) => socket.destroy());
    expect(await probe(at(server.port))).toContain("the connection was closed without an answer");
  });

  test("one that says nothing is given 5 s", async () => {
    let connected = false;
    using server: LocalServer = await listen(() => {
      connected = true;
    });
    const clock = new ManualClock();
    const address = at(server.port);
    const result = probeEngine({ address, endpoint: address, source: "DOCKER_HOST", env: {}, clock });
    await until("the request arrives", () => connected);
    expect(clock.pending()).toEqual([5000]);
    clock.advance(5000);
    expect(await result).toMatchObject({ problem: expect.stringContaining("no answer within 5 s") });
  });
});
