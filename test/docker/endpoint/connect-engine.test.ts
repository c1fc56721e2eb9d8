import { describe, expect, test } from "bun:test";
import { connectEngine } from "../../../src/docker/endpoint/connect-engine.ts";
import type { EngineAddress } from "../../../src/docker/endpoint/engine-get.ts";
import { TestAuthority } from "../../support/certificates.ts";
import { daemonSocket } from "./daemon-socket.ts";
import { httpAnswer, listen, relayTo } from "./local-server.ts";
import { startTlsDaemon } from "./tls-daemon.ts";

async function engineOf(address: EngineAddress, env: Record<string, string | undefined> = {}): Promise<string> {
  return (await connectEngine(address, "1.41", env).version()).Os;
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

describe("the environment does not lead it elsewhere", () => {
  test.each(["ssh://nobody@127.0.0.1:1", "tcp://127.0.0.1:1", "tcp://[", "unix:///nowhere"])("%s", async (host) => {
    const kept = { ...process.env };
    Object.assign(process.env, { DOCKER_HOST: host, DOCKER_CERT_PATH: "/nowhere", DOCKER_TLS_VERIFY: "1" });
    try {
      const docker = connectEngine({ kind: "unix", socketPath: daemonSocket() }, "1.41");
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
