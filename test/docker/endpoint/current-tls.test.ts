import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { createCurrentTls } from "../../../src/docker/endpoint/current-tls.ts";
import { systemFiles } from "../../../src/docker/endpoint/endpoint-files.ts";
import { reachEngine } from "../../../src/docker/endpoint/reach-engine.ts";
import { readTls } from "../../../src/docker/endpoint/tls-material.ts";
import { createEngine } from "../../../src/docker/engine/engine.ts";
import { enginePath } from "../../../src/docker/engine/engine-path.ts";
import { systemClock } from "../../../src/support/clock.ts";
import { TestAuthority } from "../../support/certificates.ts";
import { type RecordedLog, recordedLog } from "../../support/recorded-log.ts";
import { ScratchFolder } from "./scratch-folder.ts";
import { startTlsDaemon } from "./tls-daemon.ts";

let stack: DisposableStack;
let folder: ScratchFolder;
let log: RecordedLog;
beforeEach(() => {
  stack = new DisposableStack();
  folder = stack.use(new ScratchFolder());
  log = recordedLog();
});
afterEach(() => stack.dispose());

/** A new authority, and a client that it signed, whose files are the folder's from now on. */
function renew() {
  const authority = stack.use(new TestAuthority());
  const client = authority.issue("DNS:client");
  folder.write("ca.pem", authority.pem);
  folder.write("cert.pem", client.cert);
  folder.write("key.pem", client.key);
  return { authority, client };
}

function current(verify = true) {
  const read = readTls({ files: systemFiles, folder: folder.path, verify, caRequired: true, now: Date.now() });
  if (read.kind === "failed") throw new Error(read.problem);
  return { first: read.tls, tlsNow: createCurrentTls(read.tls, { files: systemFiles, clock: systemClock, log }) };
}

describe("files of certificates", () => {
  test("that stay as they are stay the same object, without a word", () => {
    renew();
    const { first, tlsNow } = current();
    expect(tlsNow()).toBe(first);
    expect(log.lines).toEqual([]);
  });

  test("that are renewed are used, and that is said once", () => {
    renew();
    const { tlsNow } = current();
    const { authority, client } = renew();
    expect(tlsNow()).toMatchObject({ ca: authority.pem, cert: client.cert, key: client.key, verify: true });
    expect(tlsNow()).toBe(tlsNow());
    expect(log.messages("info")).toHaveLength(1);
  });

  test("whether a daemon is verified stays as it was", () => {
    renew();
    const { tlsNow } = current(false);
    renew();
    expect(tlsNow().verify).toBe(false);
    expect(tlsNow().ca).toBeUndefined();
  });

  test.each([
    ["are half renewed", () => void folder.write("cert.pem", stack.use(new TestAuthority()).issue("DNS:client").cert)],
    ["are half written", () => void folder.write("ca.pem", "-----BEGIN CERT")],
    ["have lost their CA", () => rmSync(join(folder.path, "ca.pem"))],
    ["have lost the client", () => ["cert.pem", "key.pem"].forEach((name) => void rmSync(join(folder.path, name)))],
  ])("that %s leave the old ones in use, which is said once, until they are whole", (_, spoil) => {
    renew();
    const { first, tlsNow } = current();
    spoil();
    expect(tlsNow()).toBe(first);
    expect(tlsNow()).toBe(first);
    expect(log.messages("warn")).toHaveLength(1);
    expect(log.text()).toContain(folder.path);
    const { client } = renew();
    expect(tlsNow().cert).toBe(client.cert);
  });

  test("cost next to nothing at a call", () => {
    renew();
    const { tlsNow } = current();
    const times = Array.from({ length: 300 }, () => {
      const startedAt = performance.now();
      tlsNow();
      return performance.now() - startedAt;
    }).sort((one, other) => one - other);
    expect(times[150]).toBeLessThan(1);
  });
});

test("a daemon that was restarted with a new authority and wants new clients is reached as soon as the files are there", async () => {
  const old = renew();
  const daemon = await startTlsDaemon(old.authority.issue("IP:127.0.0.1"), old.authority);
  const env = {
    DOCKER_HOST: `tcp://127.0.0.1:${daemon.port}`,
    DOCKER_TLS_VERIFY: "1",
    DOCKER_CERT_PATH: folder.path,
  };
  const reached = await reachEngine({ env, log, clock: systemClock });
  if (reached.kind === "failed") throw new Error(reached.problem);
  const engine = createEngine(reached.docker.modem);
  const ping = () => engine.run({ method: "GET", path: enginePath`/_ping` });
  await ping();
  await daemon[Symbol.asyncDispose]();
  const stranger = stack.use(new TestAuthority());
  await using renewed = await startTlsDaemon(stranger.issue("IP:127.0.0.1"), stranger, undefined, daemon.port);
  expect(renewed.port).toBe(daemon.port);
  await expect(ping()).rejects.toMatchObject({ kind: "unreachable" });
  expect(await reached.renew()).toEqual({ kind: "away" });
  const client = stranger.issue("DNS:client");
  folder.write("ca.pem", stranger.pem);
  folder.write("cert.pem", client.cert);
  await expect(ping()).rejects.toMatchObject({ kind: "unreachable" });
  folder.write("key.pem", client.key);
  await ping();
  expect(await reached.renew()).toEqual({ kind: "usable", isOther: false });
  // Nobody is believed for being there.
  await expect(createEngineOfStranger(env)).rejects.toThrow("not signed by the CA");
  await reached.close();
});

/** What a start says that has another authority's file. */
async function createEngineOfStranger(env: Readonly<Record<string, string>>): Promise<never> {
  folder.write("ca.pem", stack.use(new TestAuthority()).pem);
  const reached = await reachEngine({ env, log, clock: systemClock });
  throw new Error(reached.kind === "failed" ? reached.problem : "it was reached");
}
