import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testEnvironment } from "../support/environment.ts";
import { EXAMPLE_CONFIG } from "../support/example-config.ts";
import { OzStandIn } from "../support/oz-stand-in.ts";
import { Relay } from "../support/relay.ts";
import { runWorker, startWorker } from "../support/worker-process.ts";

const { dockerHost } = testEnvironment();
let folder = "";
let oz: OzStandIn;
/** Stands for the Docker daemon where none may be asked. */
let docker: Relay;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "command-line-"));
  await writeFile(join(folder, "example.yaml"), EXAMPLE_CONFIG);
  await writeFile(
    join(folder, "wrong.yaml"),
    `worker_ids: x\nlog_level: loud\nbackend:\n  docker:\n    volumes: [1]\n`,
  );
  oz = new OzStandIn({ workerId: "prod-runner-1" });
  docker = await Relay.start({ port: oz.port });
});
afterAll(async () => {
  docker.stop();
  await oz.stop();
  await rm(folder, { recursive: true });
});

const example = () => ["--config-file", join(folder, "example.yaml"), "--web-socket-url", oz.url];

test("the contract's example starts the worker, which ends with 0", async () => {
  const env = { WARP_API_KEY: oz.apiKey, GITHUB_TOKEN: "ghp_inherited", DOCKER_HOST: dockerHost };
  await using worker = startWorker({ args: example(), env });
  await oz.waitForLink();
  expect(await worker.waitForLine(/listening for tasks/)).toContain("prod-runner-1");
  worker.kill("SIGTERM");
  const { code, stdout, stderr } = await worker.exited;
  expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
  expect(stderr).not.toMatch(/your_token|ghp_inherited/);
  expect(oz.violations).toEqual([]);
});

describe("bad input is one plain line on stderr and exit code 2, and nothing is contacted", () => {
  const key = { WARP_API_KEY: "wk-key" };
  const wrong: readonly (readonly [string, readonly string[], Readonly<Record<string, string>>, readonly RegExp[]])[] =
    [
      ["an unknown flag", ["--no-such-flag"], key, [/--no-such-flag/]],
      ["no API key", [], {}, [/--api-key.*WARP_API_KEY/]],
      ["a reserved worker id", ["--worker-id", "warp-1"], key, [/--worker-id.*warp/]],
      ["another backend", ["--backend", "kubernetes"], key, [/kubernetes/]],
      ["a volume without a container path", ["-v", "/opt/cache"], key, [/(--volumes|-v).*container path/]],
      ["a negative limit", ["--max-concurrent-tasks=-1"], key, [/--max-concurrent-tasks/]],
      ["an empty variable", ["-e", ""], key, [/(--env|-e)/]],
      ["a key in quotes", [], { WARP_API_KEY: '"wk-key"' }, [/^WARP_API_KEY.*in quotes/]],
      ["a placeholder for a key", [], { WARP_API_KEY: "your_team_api_key" }, [/^WARP_API_KEY.*placeholder/]],
      ["a template for an id", ["--worker-id", `\${HOSTNAME}`], key, [/^--worker-id:.*filled in/]],
      ["a volume below /agent", ["-v", "/opt/x:/b/../agent/x"], key, [/^--volumes:.*\/agent/]],
      ["TASK_ID among the variables", ["-e", "TASK_ID"], { ...key, TASK_ID: "x" }, [/^--env:.*TASK_ID/]],
      ["a duration that the agent does not read", ["--idle-on-complete", "1.5h"], key, [/--idle-on-complete.*1h30m/]],
      ["a word that is no command", ["start"], key, [/^argument \d+ belongs to no flag/]],
      ["a command behind flags", ["health"], key, [/^health is a command.*oz-agent-worker health/]],
      ["a duration that is none", ["--idle-on-complete", "soon"], key, [/--idle-on-complete.*soon/]],
      ["a file that is not there", ["--config-file", "/nowhere/x.yaml"], key, [/\/nowhere\/x\.yaml/]],
    ];
  for (const [name, args, env, patterns] of wrong) {
    test(name, async () => {
      const exit = await refused([...example(), ...args], env);
      const lines = exit.stderr.trimEnd().split("\n");
      expect(lines).toHaveLength(1);
      for (const pattern of patterns) expect(lines[0]).toMatch(pattern);
    });
  }

  test("every problem of the file at once, each with its path", async () => {
    const { stderr } = await refused(["--config-file", join(folder, "wrong.yaml"), "--web-socket-url", oz.url], key);
    for (const path of ["worker_ids", "log_level", "backend.docker.volumes[0]"]) expect(stderr).toContain(path);
    expect(stderr).toContain("wrong.yaml");
  });

  test("a variable of the file that no process could be given, by its name and its place", async () => {
    const path = join(folder, "large.yaml");
    await writeFile(
      path,
      `backend:\n  docker:\n    environment:\n      - {name: BIG, value: ${"x".repeat(131_068)}}\n`,
    );
    const { stderr } = await refused(["--config-file", path, "--worker-id", "w"], key);
    expect(stderr).toMatch(/^\S+large\.yaml:4:9: backend\.docker\.environment\[0\]: would set BIG to more [^\n]+\n$/);
  });

  async function refused(args: readonly string[], env: Readonly<Record<string, string>>) {
    const dials = oz.events.length;
    const asked = docker.accepted;
    const exit = await runWorker({ args, env: { DOCKER_HOST: `tcp://127.0.0.1:${docker.port}`, ...env } });
    expect(exit).toMatchObject({ code: 2, stdout: "" });
    expect(exit.stderr).not.toMatch(/\n\s+at /);
    expect(oz.events.length).toBe(dials);
    expect(docker.accepted).toBe(asked);
    return exit;
  }
});

test("without a Docker daemon it says what it tried and ends with 1, before Oz is dialled", async () => {
  const dials = oz.events.length;
  const socket = join(folder, "no.sock");
  const env = { WARP_API_KEY: oz.apiKey, GITHUB_TOKEN: "x", DOCKER_HOST: `unix://${socket}` };
  const { code, stdout, stderr } = await runWorker({ args: example(), env });
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain(socket);
  expect(stderr).toContain("DOCKER_HOST");
  expect(stderr).not.toMatch(/\n\s+at /);
  expect(oz.events.length).toBe(dials);
});

test("a server that is no Docker daemon is one too", async () => {
  const env = { WARP_API_KEY: oz.apiKey, GITHUB_TOKEN: "x", DOCKER_HOST: `tcp://127.0.0.1:${oz.port}` };
  const { code, stderr } = await runWorker({ args: example(), env });
  expect(code).toBe(1);
  expect(stderr).toContain(`127.0.0.1:${oz.port}`);
});

test("--help and --version go to stdout with 0", async () => {
  const help = await runWorker({ args: ["--help"] });
  expect(help).toMatchObject({ code: 0, stderr: "" });
  expect(help.stdout).toContain("--max-concurrent-tasks");
  const version = await runWorker({ args: ["--version"] });
  expect(version).toMatchObject({ code: 0, stderr: "" });
  expect(version.stdout).toMatch(/^oz-agent-worker \d+\.\d+\.\d+\n$/);
});
