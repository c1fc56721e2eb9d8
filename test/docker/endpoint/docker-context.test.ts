import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { type Environment, findEndpoint } from "../../../src/docker/endpoint/find-endpoint.ts";
import { CliContexts, filesWith, problemOf, VAR_RUN } from "./cli-contexts.ts";
import { ScratchFolder } from "./scratch-folder.ts";

let contexts: CliContexts;
beforeAll(() => {
  contexts = new CliContexts();
});
afterAll(() => contexts[Symbol.dispose]());

function find(env: Environment) {
  return findEndpoint({ env, home: contexts.home, files: filesWith(VAR_RUN) });
}

describe("contexts as the Docker CLI writes them", () => {
  const table = [
    ["plain", { kind: "tcp", host: "10.0.0.3", port: 2375 }],
    ["portless", { kind: "tcp", host: "10.0.0.4", port: 80 }],
    ["box", { kind: "ssh", host: "box", user: "me", port: 22, remoteSocket: VAR_RUN }],
    ["rootless", { kind: "unix", socketPath: "/run/user/1000/docker.sock" }],
    ["nowhere", { kind: "unix", socketPath: VAR_RUN }],
  ] as const;
  test.each(table)("%s", (name, endpoint) => {
    const search = find({ DOCKER_CONTEXT: name });
    expect(search).toEqual({ kind: "found", endpoint, source: `context "${name}" (DOCKER_CONTEXT)`, warnings: [] });
  });

  test("with TLS material of their own; DOCKER_TLS_VERIFY and DOCKER_CERT_PATH are not for them", () => {
    const search = find({ DOCKER_CONTEXT: "prod", DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: "/nowhere" });
    expect(search).toMatchObject({
      endpoint: { host: "10.0.0.1", port: 9999, tls: { ca: contexts.authority.pem, ...contexts.client, verify: true } },
    });
  });

  test("without verification", () => {
    expect(find({ DOCKER_CONTEXT: "unverified" })).toMatchObject({ endpoint: { port: 2376, tls: { verify: false } } });
  });

  test("https is TLS with the public roots", () => {
    expect(find({ DOCKER_CONTEXT: "web" })).toMatchObject({ endpoint: { port: 443, tls: { verify: true } } });
  });

  test("an unknown one is named, with those that exist", () => {
    const problem = problemOf(find({ DOCKER_CONTEXT: "prd" }));
    expect(problem).toStartWith(
      `there is no Docker context "prd" in ${contexts.folder}; the contexts there: "default", "box", `,
    );
    expect(problem).toContain('"prod"');
    expect(problem).toEndWith("(it is named by DOCKER_CONTEXT)");
  });

  test("an unknown current one names the file", () => {
    using folder = new ScratchFolder();
    const path = folder.write("config.json", { currentContext: "gone" });
    expect(problemOf(find({ DOCKER_CONFIG: folder.path }))).toBe(
      `there is no Docker context "gone" in ${folder.path}; the contexts there: "default" (it is named by currentContext of ${path})`,
    );
  });

  test("a context needs a folder", () => {
    const search = findEndpoint({ env: { DOCKER_CONTEXT: "prod" }, files: filesWith(VAR_RUN) });
    expect(problemOf(search)).toBe(
      'the Docker context "prod" (DOCKER_CONTEXT) cannot be looked up: neither DOCKER_CONFIG nor HOME is set',
    );
  });

  const damage: readonly (readonly [string, string])[] = [
    ["no JSON", "{"],
    ["null", "null"],
    ["a list", "[]"],
    ["no endpoint", '{"Name":"prod","Endpoints":{}}'],
    ["a number for a host", '{"Name":"prod","Endpoints":{"docker":{"Host":7}}}'],
  ];
  test.each(damage)("a damaged meta.json is named: %s", (_, text) => {
    using folder = new ScratchFolder();
    const path = folder.write(
      `contexts/meta/${new Bun.CryptoHasher("sha256").update("prod").digest("hex")}/meta.json`,
      text,
    );
    expect(problemOf(find({ DOCKER_CONFIG: folder.path, DOCKER_CONTEXT: "prod" }))).toContain(path);
  });

  test("a broken TLS file of a context is named", () => {
    using folder = new ScratchFolder();
    const cert = folder.write("cert.pem", contexts.client.cert);
    const key = folder.write("key.pem", contexts.client.key);
    const config = join(folder.path, "config");
    const endpoint = `host=tcp://10.0.0.1:1,ca=${contexts.authority.file},cert=${cert},key=${key}`;
    folder.run(["docker", "--config", config, "context", "create", "prod", "--docker", endpoint]);
    const id = new Bun.CryptoHasher("sha256").update("prod").digest("hex");
    const ca = folder.write(`config/contexts/tls/${id}/docker/ca.pem`, "rubbish");
    expect(problemOf(find({ DOCKER_CONFIG: config, DOCKER_CONTEXT: "prod" }))).toBe(
      `the Docker context "prod" cannot be used: the CA certificate ${ca} is not a PEM certificate (it is named by DOCKER_CONTEXT)`,
    );
  });
});
