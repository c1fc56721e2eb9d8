import { describe, expect, test } from "bun:test";
import { type EndpointFiles, systemFiles } from "../../../src/docker/endpoint/endpoint-files.ts";
import { type EngineReach, reachEngine } from "../../../src/docker/endpoint/reach-engine.ts";
import { systemClock } from "../../../src/support/clock.ts";
import { TestAuthority } from "../../support/certificates.ts";
import { recordedLog } from "../../support/recorded-log.ts";
import { daemonSocket } from "./daemon-socket.ts";
import { freePort, relayTo } from "./local-server.ts";
import { ScratchFolder } from "./scratch-folder.ts";
import { startSshServer } from "./ssh-server.ts";
import { startTlsDaemon } from "./tls-daemon.ts";

/** Reaches the daemon, asks it something through the client that was made, and lets it go. */
async function reach(env: Record<string, string | undefined>, home?: string): Promise<string> {
  const reached: EngineReach = await reachEngine({ env, home, log: recordedLog(), clock: systemClock });
  if (reached.kind === "failed") return reached.problem;
  try {
    const { Os } = await reached.docker.version();
    return `${Os} at ${reached.where} from ${reached.source}`;
  } finally {
    await reached.close();
  }
}

describe("the daemon is reached", () => {
  test("by DOCKER_HOST", async () => {
    const host = `unix://${daemonSocket()}`;
    expect(await reach({ DOCKER_HOST: host })).toBe(`linux at ${host} from DOCKER_HOST`);
    using relay = await relayTo(daemonSocket());
    const tcp = `tcp://127.0.0.1:${relay.port}`;
    expect(await reach({ DOCKER_HOST: tcp })).toBe(`linux at ${tcp} from DOCKER_HOST`);
  });

  test("by DOCKER_HOST with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH", async () => {
    using authority = new TestAuthority();
    using folder = new ScratchFolder();
    await using daemon = await startTlsDaemon(authority.issue("IP:127.0.0.1"), authority);
    const client = authority.issue("DNS:client");
    folder.write("ca.pem", authority.pem);
    folder.write("cert.pem", client.cert);
    folder.write("key.pem", client.key);
    const host = `tcp://127.0.0.1:${daemon.port}`;
    const env = { DOCKER_HOST: host, DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: folder.path };
    expect(await reach(env)).toBe(`linux at ${host} with TLS from DOCKER_HOST`);
  });

  test("by a context with mutual TLS: named, and current", async () => {
    using authority = new TestAuthority();
    using folder = new ScratchFolder();
    await using daemon = await startTlsDaemon(authority.issue("IP:127.0.0.1"), authority);
    const client = authority.issue("DNS:client");
    const cert = folder.write("cert.pem", client.cert);
    const key = folder.write("key.pem", client.key);
    const host = `tcp://127.0.0.1:${daemon.port}`;
    const endpoint = `host=${host},ca=${authority.file},cert=${cert},key=${key}`;
    const config = `${folder.path}/.docker`;
    folder.run(["docker", "--config", config, "context", "create", "prod", "--docker", endpoint]);
    expect(await reach({ DOCKER_CONTEXT: "prod" }, folder.path)).toBe(
      `linux at ${host} with TLS from context "prod" (DOCKER_CONTEXT)`,
    );
    folder.run(["docker", "--config", config, "context", "use", "prod"]);
    expect(await reach({}, folder.path)).toBe(
      `linux at ${host} with TLS from context "prod" (currentContext of ${config}/config.json)`,
    );
  });

  test("by ssh", async () => {
    await using server = await startSshServer();
    const host = `ssh://box${daemonSocket() === "/var/run/docker.sock" ? "" : daemonSocket()}`;
    expect(await reach({ ...process.env, PATH: server.path, DOCKER_HOST: host })).toBe(
      `linux at ${host} from DOCKER_HOST`,
    );
  });
});

describe("what does not work ends in one line", () => {
  test("a dead context is named", async () => {
    using folder = new ScratchFolder();
    const port = await freePort();
    const endpoint = `host=tcp://127.0.0.1:${port}`;
    folder.run(["docker", "--config", folder.path, "context", "create", "dead", "--docker", endpoint]);
    expect(await reach({ DOCKER_CONFIG: folder.path, DOCKER_CONTEXT: "dead" })).toBe(
      `the Docker daemon at tcp://127.0.0.1:${port} (from context "dead" (DOCKER_CONTEXT)) cannot be used: ` +
        "connection refused; start the daemon there, and check host and port",
    );
  });

  test("ssh that gets nowhere", async () => {
    const port = await freePort();
    expect(await reach({ ...process.env, DOCKER_HOST: `ssh://127.0.0.1:${port}` })).toStartWith(
      `the Docker daemon at ssh://127.0.0.1:${port} (from DOCKER_HOST) cannot be used: ssh failed: ssh: connect`,
    );
  });

  test("a config file that is passed over is a warning", async () => {
    using folder = new ScratchFolder();
    folder.write("config.json", "{");
    const log = recordedLog();
    const socket = `${folder.path}/docker.sock`;
    const files: EndpointFiles = {
      ...systemFiles,
      socketAt: (path) => ({ kind: path === socket ? "socket" : "missing" }),
    };
    const env = { DOCKER_CONFIG: folder.path, XDG_RUNTIME_DIR: folder.path };
    const reached = await reachEngine({ env, files, log, clock: systemClock });
    expect(reached).toMatchObject({ problem: expect.stringContaining(`(from the socket ${socket}) cannot be used: `) });
    expect(log.messages("warn")).toEqual([expect.stringContaining("is not what the Docker CLI writes")]);
  });
});
