import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type EndpointFiles, systemFiles } from "../../../src/docker/endpoint/endpoint-files.ts";
import { type Environment, findEndpoint } from "../../../src/docker/endpoint/find-endpoint.ts";
import { CliContexts, filesWith, problemOf, VAR_RUN } from "./cli-contexts.ts";
import { ScratchFolder } from "./scratch-folder.ts";

const all = [VAR_RUN, "/xdg/docker.sock", "/home/me/.docker/run/docker.sock", "/home/me/.docker/desktop/docker.sock"];

let contexts: CliContexts;
beforeAll(() => {
  contexts = new CliContexts();
});
afterAll(() => contexts[Symbol.dispose]());

function find(env: Environment, files = filesWith(VAR_RUN), home = contexts.home) {
  return findEndpoint({ env, home, files });
}

describe("what is set explicitly wins over what is found", () => {
  const table = [
    [
      "DOCKER_HOST beats both contexts",
      { DOCKER_HOST: "tcp://1.2.3.4", DOCKER_CONTEXT: "rootless" },
      { source: "DOCKER_HOST", endpoint: { kind: "tcp", host: "1.2.3.4", port: 2375 } },
    ],
    [
      "DOCKER_CONTEXT beats currentContext",
      { DOCKER_CONTEXT: "rootless" },
      { source: 'context "rootless" (DOCKER_CONTEXT)', endpoint: { kind: "unix" } },
    ],
    ["currentContext beats sockets", {}, { endpoint: { kind: "tcp", host: "10.0.0.3", port: 2375 } }],
    [
      "an empty variable is none",
      { DOCKER_HOST: "", DOCKER_CONTEXT: "", DOCKER_CONFIG: "", DOCKER_TLS_VERIFY: "" },
      { endpoint: { kind: "tcp", host: "10.0.0.3", port: 2375 } },
    ],
    [
      "the context named default is no context, whatever the file says",
      { DOCKER_CONTEXT: "default" },
      { source: `the socket ${VAR_RUN}`, endpoint: { kind: "unix", socketPath: VAR_RUN } },
    ],
    [
      "DOCKER_HOST by ssh",
      { DOCKER_HOST: "ssh://me@box" },
      { endpoint: { kind: "ssh", host: "box", user: "me", remoteSocket: VAR_RUN } },
    ],
  ] as const;
  test.each(table)("%s", (_, env, expected) => {
    expect(find(env)).toMatchObject({ kind: "found", ...expected, warnings: [] });
  });

  test("currentContext tells where it stands", () => {
    expect(find({})).toMatchObject({
      source: `context "plain" (currentContext of ${join(contexts.folder, "config.json")})`,
    });
  });

  test("DOCKER_CONFIG moves the folder, and no home is needed then", () => {
    const search = findEndpoint({
      env: { DOCKER_CONFIG: contexts.folder, DOCKER_CONTEXT: "rootless" },
      files: filesWith(),
    });
    expect(search).toMatchObject({ endpoint: { kind: "unix", socketPath: "/run/user/1000/docker.sock" } });
  });
});

describe("a config file that cannot be read is a warning", () => {
  test.each(["{", "null", "[]", '{"currentContext": 7}'])("%s", (text) => {
    using folder = new ScratchFolder();
    const path = folder.write("config.json", text);
    expect(find({ DOCKER_CONFIG: folder.path })).toMatchObject({
      endpoint: { socketPath: VAR_RUN },
      warnings: [
        `The Docker config file ${path} is not what the Docker CLI writes; its current context is passed over.`,
      ],
    });
  });

  test.each(['{"currentContext": null}', '{"currentContext": "default"}', "{}"])("but not %s", (text) => {
    using folder = new ScratchFolder();
    folder.write("config.json", text);
    expect(find({ DOCKER_CONFIG: folder.path })).toMatchObject({ endpoint: { socketPath: VAR_RUN }, warnings: [] });
  });
});

describe("the first socket that exists", () => {
  const env = { XDG_RUNTIME_DIR: "/xdg" };
  const table = all.map((path, index) => [path, all.slice(index)] as const);
  test.each(table)("%s", (path, sockets) => {
    expect(find(env, filesWith(...sockets), "/home/me")).toEqual({
      kind: "found",
      endpoint: { kind: "unix", socketPath: path },
      source: `the socket ${path}`,
      warnings: [],
    });
  });

  test("none: what was tried and what to do", () => {
    expect(problemOf(find(env, filesWith(), "/home/me"))).toBe(
      `no Docker daemon found: ${all.map((path) => `${path} does not exist`).join(", ")}, and neither DOCKER_HOST nor a ` +
        "Docker context is set; start Docker, mount its socket, or set DOCKER_HOST",
    );
  });

  test("none, without home and runtime folder", () => {
    expect(problemOf(findEndpoint({ env: {}, files: filesWith() }))).toStartWith(
      `no Docker daemon found: ${VAR_RUN} does not exist, and neither`,
    );
  });

  test("a folder that Docker made where a socket was to be mounted is named", () => {
    const files: EndpointFiles = {
      ...systemFiles,
      socketAt: () => ({ kind: "other", reason: "is a folder, not a socket" }),
    };
    expect(problemOf(findEndpoint({ env: {}, files }))).toContain(`${VAR_RUN} is a folder, not a socket`);
  });
});

describe("the TLS variables mean what they mean to the Docker CLI", () => {
  const host = { DOCKER_HOST: "tcp://10.0.0.1" };

  test("DOCKER_TLS_VERIFY on any port, with the files of DOCKER_CERT_PATH", () => {
    const search = find({
      DOCKER_HOST: "tcp://10.0.0.1:4711",
      DOCKER_TLS_VERIFY: "1",
      DOCKER_CERT_PATH: contexts.authority.folder,
    });
    expect(search).toMatchObject({
      endpoint: { port: 4711, tls: { ca: contexts.authority.pem, verify: true, folder: contexts.authority.folder } },
    });
  });
  test.each(["0", "false", " "])("any value but the empty one turns it on: %p", (value) => {
    const search = find({ ...host, DOCKER_TLS_VERIFY: value, DOCKER_CERT_PATH: contexts.authority.folder });
    expect(search).toMatchObject({ endpoint: { port: 2375, tls: { verify: true } } });
  });
  test("DOCKER_TLS is TLS without verification", () => {
    expect(find({ ...host, DOCKER_TLS: "1" })).toMatchObject({
      endpoint: { tls: { verify: false, folder: contexts.folder } },
    });
  });
  test("DOCKER_CERT_PATH alone is no TLS", () => {
    const search = find({ ...host, DOCKER_CERT_PATH: contexts.authority.folder });
    expect(search).toMatchObject({ endpoint: { kind: "tcp", host: "10.0.0.1", port: 2375 } });
    expect(search).not.toHaveProperty("endpoint.tls");
  });
  test("port 2376 alone is no TLS", () => {
    expect(find({ DOCKER_HOST: "tcp://10.0.0.1:2376" })).not.toHaveProperty("endpoint.tls");
  });
  test("sockets have none", () => {
    const search = find({ DOCKER_HOST: "unix:///a.sock", DOCKER_TLS_VERIFY: "1" });
    expect(search).toMatchObject({ endpoint: { kind: "unix", socketPath: "/a.sock" } });
  });
  test("the folder's default is the Docker config folder", () => {
    expect(problemOf(find({ ...host, DOCKER_TLS_VERIFY: "1" }))).toBe(
      `DOCKER_HOST cannot be used with DOCKER_TLS_VERIFY: the CA certificate ${contexts.folder}/ca.pem does not exist; ` +
        "put it there or point DOCKER_CERT_PATH at its folder",
    );
  });
  test("with no host and no socket they mean TLS on this machine", () => {
    const env = { DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: contexts.authority.folder };
    expect(find(env, filesWith())).toMatchObject({ endpoint: { host: "10.0.0.3" } });
    expect(findEndpoint({ env, files: filesWith() })).toMatchObject({
      source: "DOCKER_TLS_VERIFY",
      endpoint: { host: "localhost", port: 2376, tls: { verify: true } },
    });
  });
  test("no folder at all", () => {
    const search = findEndpoint({ env: { ...host, DOCKER_TLS_VERIFY: "1" }, files: filesWith() });
    expect(problemOf(search)).toBe(
      "DOCKER_TLS_VERIFY is set but there is no folder of certificates; set DOCKER_CERT_PATH",
    );
  });
});

test("a DOCKER_HOST that cannot be used is an error, not a reason to look further", () => {
  expect(problemOf(find({ DOCKER_HOST: "http://10.0.0.1:2375", DOCKER_CONTEXT: "prod" }))).toStartWith(
    'DOCKER_HOST cannot be used: the address "http://10.0.0.1:2375" has a scheme that Docker does not take here',
  );
});
