import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FILE_KEYS } from "../../src/config/file-schema.ts";
import { configJsonSchema } from "../../src/config/json-schema.ts";
import { EXAMPLE_CONFIG } from "../support/example-config.ts";
import { runWords } from "./run-words.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "oz-agent-worker-config-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe("config check", () => {
  test("a file that can be used is ok, without a key and an id", async () => {
    const path = file("good.yaml", EXAMPLE_CONFIG.replace(/^worker_id.*$/m, ""));
    const ran = await runWords(["config", "check", path], { GITHUB_TOKEN: "x" });
    expect(ran).toMatchObject({ code: 0, stdout: `${path}: ok\n`, stderr: "" });
  });
  test("all problems at once, and nothing of a value", async () => {
    const path = file("bad.yaml", "log_level: loud\nmax_concurrent_tasks: many\nsecret: hunter2\n");
    const ran = await runWords(["config", "check", path]);
    expect(ran.code).toBe(2);
    expect(ran.lines).toHaveLength(3);
    expect(ran.stderr).not.toContain("hunter2");
  });
  test("without a file, and with one that is not there", async () => {
    expect((await runWords(["config", "check"])).lines).toEqual([
      "check: needs FILE, the path of a YAML file: oz-agent-worker config check FILE",
    ]);
    expect((await runWords(["config", "check", "/nonexistent/x"])).lines[0]).toContain("there is no such file");
  });
});

describe("config show", () => {
  test("tells where each value comes from, and no secret", async () => {
    const path = file("show.yaml", EXAMPLE_CONFIG);
    const env = { WARP_API_KEY: "wk-hunter2", GITHUB_TOKEN: "ghp-hunter3" };
    const ran = await runWords(
      [
        "config",
        "show",
        "--config-file",
        path,
        "--log-level=warn",
        "--one-shot",
        "--json",
        "--web-socket-url=wss://h/ws?t=hunter4",
      ],
      env,
    );
    const rows: { setting: string; value: unknown; origin: string }[] = JSON.parse(ran.stdout);
    const row = (setting: string) => rows.find((one) => one.setting === setting);
    expect(row("the API key")).toEqual({ setting: "the API key", value: "[set]", origin: "WARP_API_KEY" });
    expect(row("log_level")).toMatchObject({ value: "warn", origin: "--log-level" });
    expect(row("max_tasks")).toMatchObject({ value: 1, origin: "--one-shot" });
    expect(row("max_concurrent_tasks")).toMatchObject({ value: 4, origin: `${path}:4:23` });
    expect(row("backend.docker.environment")).toMatchObject({ value: ["NPM_TOKEN=[set]", "GITHUB_TOKEN=[set]"] });
    expect(row("on_stop")).toMatchObject({ value: "stop", origin: "default" });
    expect(row("keep_failed")).toMatchObject({ value: "0s", origin: "default" });
    for (const secret of ["hunter2", "hunter3", "hunter4", "your_token"]) expect(ran.stdout).not.toContain(secret);
    const text = await runWords(["config", "show", "--config-file", path], env);
    expect(text.stdout).toMatch(/^SETTING +VALUE +FROM\nthe API key +\[set\] +WARP_API_KEY\n/);
  });
  test("what is missing is said, and the rest shown", async () => {
    const ran = await runWords(["config", "show"]);
    expect(ran.code).toBe(0);
    expect(ran.lines).toEqual([
      expect.stringMatching(/^--api-key: required/),
      expect.stringMatching(/^--worker-id: req/),
    ]);
    expect(ran.stdout).toMatch(/^worker_id +- +missing$/m);
  });
});

test("config alone shows its commands, with exit code 2", async () => {
  const ran = await runWords(["config"]);
  expect(ran.code).toBe(2);
  expect(ran.stderr).toMatch(/^Usage: oz-agent-worker config COMMAND\n/);
});

test("the JSON schema has every key with its meaning, and takes no others", async () => {
  const ran = await runWords(["config", "schema"]);
  const schema = JSON.parse(ran.stdout);
  expect(schema).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
  expect(schema.$schema).toBe("https://json-schema.org/draft/2020-12/schema");
  const objects: { properties: Record<string, { description?: string }>; additionalProperties: boolean }[] = [];
  const walk = (value: unknown) => {
    if (typeof value !== "object" || value === null) return;
    if ("properties" in value) objects.push(value as never);
    for (const child of Object.values(value)) walk(child);
  };
  walk(schema);
  expect(objects).toHaveLength(4);
  const [top, backend, docker] = objects;
  for (const { additionalProperties } of objects) expect(additionalProperties).toBe(false);
  for (const mapping of [top, backend, docker]) {
    for (const [name, { description = "" }] of Object.entries(mapping?.properties ?? {}))
      expect(`${name}: ${description}`).toMatch(/: .{15}/);
  }
  expect(Object.keys(top?.properties ?? {})).toEqual([...FILE_KEYS.top]);
  expect(Object.keys(docker?.properties ?? {})).toEqual([...FILE_KEYS.docker]);
  expect(schema.properties.max_concurrent_tasks.anyOf[0].type).toBe("integer");
  expect(schema.properties.worker_id.description).toContain("routed by");
});
