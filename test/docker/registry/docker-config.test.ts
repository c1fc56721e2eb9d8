import { describe, expect, test } from "bun:test";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { createDockerConfigReader, dockerConfigPath } from "../../../src/docker/registry/docker-config.ts";
import { recordedLog } from "../../support/recorded-log.ts";
import { tempFolder } from "./temp-folder.ts";

test.each([
  [{ DOCKER_CONFIG: "/etc/dc" }, "/home/u", "/etc/dc/config.json"],
  [{ DOCKER_CONFIG: "/etc/dc/" }, undefined, "/etc/dc/config.json"],
  [{ DOCKER_CONFIG: "" }, "/home/u", "/home/u/.docker/config.json"],
  [{}, "/home/u", "/home/u/.docker/config.json"],
  [{}, "", undefined],
  [{}, undefined, undefined],
])("with %p and home %p the file is %p", (env, home, path) => {
  expect(dockerConfigPath(env, home)).toBe(path);
});

async function setUp() {
  const folder = await tempFolder();
  const log = recordedLog();
  const read = createDockerConfigReader({ env: { DOCKER_CONFIG: folder.path }, home: undefined, log });
  return { folder, log, read, file: join(folder.path, "config.json") };
}

describe("createDockerConfigReader", () => {
  test("reads what the registries need and ignores the rest", async () => {
    const { folder, log, read, file } = await setUp();
    await using _ = folder;
    await folder.write("config.json", {
      auths: { "ghcr.io": { auth: "dTpw", email: 5 }, "a.example": {} },
      credHelpers: { "b.example": "x" },
      credsStore: "desktop",
      HttpHeaders: { a: 1 },
      currentContext: 7,
    });
    const config = await read();
    expect(config.origin).toBe(file);
    expect([...config.auths.keys()]).toEqual(["ghcr.io", "a.example"]);
    expect(config.auths.get("ghcr.io")).toMatchObject({ auth: "dTpw", username: "", identitytoken: "" });
    expect([...config.credHelpers]).toEqual([["b.example", "x"]]);
    expect(config.credsStore).toBe("desktop");
    expect(log.lines).toEqual([]);
  });

  test("reads anew at each call", async () => {
    const { folder, read } = await setUp();
    await using _ = folder;
    expect((await read()).credsStore).toBe("");
    await folder.write("config.json", { credsStore: "one" });
    expect((await read()).credsStore).toBe("one");
    await folder.write("config.json", { credsStore: "two" });
    expect((await read()).credsStore).toBe("two");
  });

  test.each([undefined, "", " \n", "{}", '{"auths":null,"credHelpers":null,"credsStore":null}'])(
    "takes the file %p for an empty one, without a word",
    async (content) => {
      const { folder, log, read } = await setUp();
      await using _ = folder;
      if (content !== undefined) await folder.write("config.json", content);
      expect(await read()).toMatchObject({ auths: new Map(), credHelpers: new Map(), credsStore: "" });
      expect(log.lines).toEqual([]);
    },
  );

  test("does without any folder", async () => {
    const log = recordedLog();
    const config = await createDockerConfigReader({ env: {}, home: undefined, log })();
    expect(config).toEqual({ origin: "", auths: new Map(), credHelpers: new Map(), credsStore: "" });
    expect(log.lines).toEqual([]);
  });

  test.each([
    ['{"auths": {"h": {"auth": "s3cr3t"', "is not valid JSON"],
    ["s3cr3t", "is not valid JSON"],
    ['["s3cr3t"]', "is not a JSON object"],
    ['"s3cr3t"', "is not a JSON object"],
    ["null", "is not a JSON object"],
    ['{"auths": ["s3cr3t"]}', "auths is not an object"],
    ['{"auths": "s3cr3t"}', "auths is not an object"],
    ['{"credHelpers": {"h": {"x": "s3cr3t"}}}', 'the entry "h" of credHelpers'],
    ['{"credsStore": ["s3cr3t"]}', "credsStore is not a text"],
    ['{"auths": {"https://u:s3cr3t@h/": 5}}', 'the entry "https://h/" of auths'],
  ])("names path and reason of %p, not its content", async (content, reason) => {
    const { folder, log, read, file } = await setUp();
    await using _ = folder;
    await folder.write("config.json", content);
    await read();
    expect(log.messages("warn")).toHaveLength(1);
    expect(log.text()).toContain(file);
    expect(log.messages("warn")[0]).toContain(reason);
    expect(log.text()).not.toContain("s3cr3t");
  });

  test("keeps the good entries beside a wrong one", async () => {
    const { folder, log, read } = await setUp();
    await using _ = folder;
    await folder.write("config.json", {
      auths: { five: 5, list: [], nothing: null, half: { auth: 5 }, good: { auth: "dTpw" } },
      credHelpers: { bad: 1, fine: "x" },
      credsStore: 3,
    });
    const config = await read();
    expect([...config.auths.keys()]).toEqual(["good"]);
    expect([...config.credHelpers.keys()]).toEqual(["fine"]);
    expect(log.messages("warn")).toHaveLength(1);
    for (const name of ['"five"', '"list"', '"half"', '"bad"', "credsStore"])
      expect(log.messages("warn")[0]).toContain(name);
  });

  test("warns again only when the file has changed", async () => {
    const { folder, log, read } = await setUp();
    await using _ = folder;
    const warnings = () => log.messages("warn").length;
    await folder.write("config.json", "{");
    await read();
    await read();
    expect(warnings()).toBe(1);
    await folder.write("config.json", "{{");
    await read();
    expect(warnings()).toBe(2);
    await folder.write("config.json", "{}");
    await read();
    expect(warnings()).toBe(2);
    await folder.write("config.json", "{{");
    await read();
    await read();
    expect(warnings()).toBe(3);
  });

  test("says why a file cannot be read", async () => {
    const { folder, log, read, file } = await setUp();
    await using _ = folder;
    await mkdir(file);
    await read();
    await read();
    expect(log.messages("warn")).toHaveLength(1);
    expect(log.messages("warn")[0]).toContain(`${file}: cannot be read (EISDIR)`);
    await rm(file, { recursive: true });
    await folder.write("config.json", { credsStore: "x" });
    expect((await read()).credsStore).toBe("x");
  });

  test("names like __proto__ are names", async () => {
    const { folder, read } = await setUp();
    await using _ = folder;
    await folder.write("config.json", '{"credHelpers": {"__proto__": "x", "constructor": "y"}}');
    const config = await read();
    expect(config.credHelpers.get("__proto__")).toBe("x");
    expect(config.credHelpers.get("toString")).toBeUndefined();
  });
});
