import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { connectEngine } from "../../../src/docker/endpoint/connect-engine.ts";
import type { EngineAddress } from "../../../src/docker/endpoint/engine-get.ts";
import { type ServerCertificate, TestAuthority } from "../../support/certificates.ts";
import { daemonSocket } from "./daemon-socket.ts";
import { httpAnswer, listen, relayTo } from "./local-server.ts";
import { startTlsDaemon } from "./tls-daemon.ts";

const SOURCES = join(import.meta.dir, "../../../src/docker/endpoint");

/** Runs a program in a process of its own: some variables count only at its start. */
async function runBun(program: string, env: Readonly<Record<string, string>>) {
  const child = Bun.spawn([process.execPath, "-e", program], { env: { ...process.env, ...env }, stderr: "pipe" });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { stdout, stderr };
}

async function engineOf(address: EngineAddress, env: Record<string, string | undefined> = {}): Promise<string> {
  return (await connectEngine(address, "1.41", undefined, env).docker.version()).Os;
}

describe("the client goes where it is sent", () => {
  test("to a socket", async () => {
    expect(await engineOf({ kind: "unix", socketPath: daemonSocket() })).toBe("linux");
  });
  test("to tcp", async () => {
    using relay = await relayTo(daemonSocket());
    expect(await engineOf({ kind: "tcp", host: "127.0.0.1", port: relay.port })).toBe("linux");
  });
  test.each(["::1", "::ffff:127.0.0.1"])("to IPv6: %s", async (host) => {
    using relay = await relayTo(daemonSocket(), "::");
    expect(await engineOf({ kind: "tcp", host, port: relay.port })).toBe("linux");
  });
  test("by mutual TLS, verified and not", async () => {
    using authority = new TestAuthority();
    using stranger = new TestAuthority();
    await using daemon = await startTlsDaemon(authority.issue("IP:127.0.0.1"), authority);
    const tls = { ca: authority.pem, ...authority.issue("DNS:client"), verify: true, folder: "/certs" };
    const address = { kind: "tcp", host: "127.0.0.1", port: daemon.port } as const;
    expect(await engineOf({ ...address, tls })).toBe("linux");
    expect(await engineOf({ ...address, tls: { ...tls, ca: stranger.pem, verify: false } })).toBe("linux");
    await expect(engineOf({ ...address, tls: { ...tls, ca: stranger.pem } })).rejects.toThrow("self signed");
  });
  test("with the version in each path", async () => {
    let asked = "";
    using server = await listen((socket) =>
      socket.once("data", (bytes) => {
        asked = bytes.toString().split("\r\n", 1)[0] ?? "";
        socket.end(httpAnswer(200, { Os: "linux" }));
      }),
    );
    await engineOf({ kind: "tcp", host: "127.0.0.1", port: server.port });
    expect(asked).toBe("GET /v1.41/version HTTP/1.1");
  });
});

describe("with NODE_TLS_REJECT_UNAUTHORIZED=0", () => {
  const program = `
    import { connectEngine } from "${SOURCES}/connect-engine.ts";
    import { getFromEngine } from "${SOURCES}/engine-get.ts";
    import { systemClock } from "${SOURCES}/../../support/clock.ts";
    const address = JSON.parse(process.env.ADDRESS);
    const got = await getFromEngine(address, "/_ping", { clock: systemClock, timeoutMs: 5000 });
    console.log(got.kind === "failed" ? got.code : got.kind);
    console.log(await connectEngine(address, "1.41").docker.version().then(({ Os }) => Os, ({ code }) => code));`;
  const ask = async (server: ServerCertificate, verify: boolean, authority: TestAuthority) => {
    await using daemon = await startTlsDaemon(server, authority);
    const tls = { ca: authority.pem, ...authority.issue("DNS:client"), verify, folder: "/certs" };
    const address = JSON.stringify({ kind: "tcp", host: "127.0.0.1", port: daemon.port, tls });
    const { stdout } = await runBun(program, { ADDRESS: address, NODE_TLS_REJECT_UNAUTHORIZED: "0" });
    return stdout.trim().split("\n");
  };

  test("a daemon's authority and name are verified all the same, unless the Docker settings say no", async () => {
    using authority = new TestAuthority();
    using stranger = new TestAuthority();
    const unknown = stranger.issue("IP:127.0.0.1");
    const elsewhere = authority.issue("DNS:other.example");
    expect(await ask(unknown, true, authority)).toEqual(Array(2).fill("UNABLE_TO_VERIFY_LEAF_SIGNATURE"));
    expect(await ask(elsewhere, true, authority)).toEqual(Array(2).fill("ERR_TLS_CERT_ALTNAME_INVALID"));
    expect(await ask(unknown, false, authority)).toEqual(["answer", "linux"]);
    expect(await ask(authority.issue("IP:127.0.0.1"), true, authority)).toEqual(["answer", "linux"]);
  });
});

test("DEBUG does not make the client print logins and variables, and stays as it was", async () => {
  const program = `
    import { connectEngine } from "${SOURCES}/connect-engine.ts";
    const { docker } = connectEngine({ kind: "tcp", host: "127.0.0.1", port: Number(process.env.PORT) }, "1.41");
    await docker.pull("x/y", { authconfig: { username: "u", password: "p" } }).catch(() => {});
    await docker.createContainer({ Image: "x", Env: ["A=secret-of-a-task"] }).catch(() => {});
    console.log(process.env.DEBUG);`;
  let requests = "";
  using server = await listen((socket) => {
    socket.once("data", (bytes) => {
      requests += bytes;
      socket.end(httpAnswer(500, {}));
    });
  });
  expect(await runBun(program, { PORT: String(server.port), DEBUG: "*" })).toEqual({ stdout: "*\n", stderr: "" });
  expect(requests.toLowerCase()).toContain("x-registry-auth");
});

describe("the environment does not lead it elsewhere", () => {
  test.each(["ssh://nobody@127.0.0.1:1", "tcp://127.0.0.1:1", "tcp://[", "unix:///nowhere"])("%s", async (host) => {
    const kept = { ...process.env };
    Object.assign(process.env, { DOCKER_HOST: host, DOCKER_CERT_PATH: "/nowhere", DOCKER_TLS_VERIFY: "1" });
    try {
      const { docker } = connectEngine({ kind: "unix", socketPath: daemonSocket() }, "1.41");
      expect((await docker.version()).Os).toBe("linux");
      expect(process.env.DOCKER_HOST).toBe(host);
    } finally {
      for (const name of ["DOCKER_HOST", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY"]) {
        const value = kept[name];
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });
});
