import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import { currentOwner, encodeOwner } from "../../src/host/owner.ts";
import { type TempFolder, tempFolder } from "../docker/registry/temp-folder.ts";
import { testEnvironment } from "../support/environment.ts";
import { agentImage, testImage } from "../support/images.ts";
import { OzStandIn } from "../support/oz-stand-in.ts";
import { PrivateDockerd } from "../support/private-dockerd.ts";
import { PrivateRegistries } from "../support/private-registries.ts";
import { OBEDIENT, WorkerFixture } from "../support/worker-fixture.ts";
import { runWorker, startWorker } from "../support/worker-process.ts";

const TRIALS = { label: ["oz-agent-worker.kind=trial"] };

const environment = testEnvironment();
let registries: PrivateRegistries;
let folder: TempFolder;
let oz: OzStandIn;

beforeAll(async () => {
  registries = await PrivateRegistries.start(environment.run);
  folder = await tempFolder();
  oz = new OzStandIn({ workerId: environment.name("doctor") });
});
afterAll(async () => {
  await Promise.all([registries[Symbol.asyncDispose](), folder[Symbol.asyncDispose](), oz.stop()]);
});
afterEach(async () => {
  expect(await trials()).toEqual([]);
  expect(oz.violations).toEqual([]);
});

const trials = async (docker: Docker = environment.docker) =>
  (await docker.listContainers({ all: true, filters: TRIALS })).map(({ Names }) => Names.join());

function words(...args: readonly string[]) {
  return {
    args: ["doctor", ...oz.flags(), ...args],
    env: { WARP_API_KEY: oz.apiKey, DOCKER_HOST: environment.dockerHost, DOCKER_CONFIG: folder.path },
  };
}

const doctor = (...args: readonly string[]) => runWorker(words(...args), 60_000);

const login = (password: string) => {
  const pair = `${registries.account.user}:${password}`;
  return { auths: { [registries.basic]: { auth: Buffer.from(pair).toString("base64") } } };
};

test("a machine that is well: exit code 0, every check once, and nothing changed", async () => {
  await folder.write("config.json", login(registries.account.password));
  const { code, stdout, stderr } = await doctor();
  expect(stderr).toBe("");
  expect(stdout).not.toMatch(/^FAIL/m);
  expect(code).toBe(0);
  const checks = stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.split(/ +/)[1]);
  const all = [
    "config",
    "key",
    "dns",
    "proxy",
    "tls",
    "oz",
    "clock",
    "docker",
    "limits",
    "disk",
    "logs",
    "orphans",
    "login",
  ];
  expect([...new Set(checks)]).toEqual(all);
  expect(stdout).toMatch(/^ok {4}docker {5}\d+\.\d+\.\d+\S* on linux\/\w+, unix:\S+, from DOCKER_HOST, API /m);
  expect(stdout).toMatch(/^(ok|warn|FAIL) +disk .* GiB free \(/m);
  expect(stdout).toContain(`ok    login      ${registries.basic} accepts the login of the Docker config file\n`);
  expect(stdout).not.toContain(registries.account.password);
});

test("an image is tried by the worker's own logins, and each step has its time", async () => {
  await folder.write("config.json", login(registries.account.password));
  const image = await agentImage({ ...environment, registry: registries.open }, "doctor");
  const reference = registries.through(registries.basic, image);
  const { code, stdout } = await doctor("--task", reference);
  expect(stdout).toMatch(
    /^ok {4}task .* runs here: pull \d+\.\d s, create \d+\.\d s, start \d+\.\d s, end \d+\.\d s, remove \d+\.\d s; nothing of it is left$/m,
  );
  expect(code).toBe(0);

  await folder.write("config.json", login("wrong-word-0123456789"));
  const refused = await doctor("--task", reference, "--json");
  const findings: { check: string; status: string }[] = JSON.parse(refused.stdout);
  expect(findings.filter(({ status }) => status === "fail").map(({ check }) => check)).toEqual(["task", "login"]);
  expect(refused.stdout).toMatch(/pull failed: .*denies it/);
  expect(refused.stdout).not.toContain("wrong-word");
  expect(refused.code).toBe(1);
}, 60_000);

test("an image that is not there, and one that has nothing to run", async () => {
  await folder.write("config.json", {});
  const missing = await doctor("--task", `${environment.registry}/${environment.name("no-such-image")}:1`);
  expect(missing.stdout).toMatch(/^FAIL {2}task .*pull failed: .*no such image.*; mend: check its name and tag/m);
  const empty = await testImage(environment, "doctor-empty", {
    layers: [[{ path: "readme", content: "nothing to run\n" }]],
    command: ["/nothing"],
  });
  const { code, stdout } = await doctor("--task", empty.reference);
  expect(stdout).toMatch(/^FAIL {2}task .*start failed: .*has no program `true` in its PATH.*; mend: .*needs a shell/m);
  expect(code).toBe(1);
}, 60_000);

test("what a trial that was killed has left is removed by the next one, and nobody else's", async () => {
  await folder.write("config.json", {});
  const image = await agentImage(environment, "doctor-left");
  expect((await doctor("--task", image.reference)).code).toBe(0);
  const owners = { left: { ...currentOwner(), pid: 2 ** 22 - 1, start: "1" }, running: currentOwner() };
  const created = await Promise.all(
    Object.values(owners).map((owner) =>
      environment.docker.createContainer({
        Image: image.reference,
        Labels: { "oz-agent-worker.kind": "trial", "oz-agent-worker.owner": encodeOwner(owner) },
      }),
    ),
  );
  const running = created[1];
  expect((await doctor("--task", image.reference)).code).toBe(0);
  const stayed = await environment.docker.listContainers({ all: true, filters: TRIALS });
  await running?.remove();
  expect(stayed.map(({ Id }) => Id)).toEqual([running?.id ?? ""]);
}, 60_000);

test("a worker that runs is not disturbed; what a killed one has left is counted, until the next one has it", async () => {
  await folder.write("config.json", {});
  await using fixture = await WorkerFixture.start("doctor");
  const ask = async () => {
    const asked = words();
    const { stdout } = await runWorker({ args: ["doctor", ...fixture.oz.flags()], env: asked.env }, 60_000);
    expect(stdout).not.toMatch(/^FAIL {2}(oz|orphans|docker) /m);
    return /^\S+ +orphans .*$/m.exec(stdout)?.[0];
  };
  const nothing = "ok    orphans    nothing is left of workers that are gone";
  const task = await fixture.runUntilReady(OBEDIENT);
  expect(await ask()).toBe(nothing);
  await fixture.oz.waitFor("the worker's link alone", () => fixture.oz.openLinks === 1 || undefined);
  expect(fixture.oz.events.filter(({ kind }) => kind === "opened")).toHaveLength(2);

  await fixture.killWorker();
  expect(await ask()).toMatch(
    /^warn {2}orphans {4}1 container and \d+ volumes? of worker id ".*", .*; mend: .* this one: its start takes them over$/,
  );
  fixture.startWorker();
  await fixture.worker.waitForLine(/listening for tasks/);
  const left = async () => ((await ask()) === nothing ? true : undefined);
  expect(await left()).toBe(true);
  await fixture.oz.cancel(task.task_id);
  await fixture.oz.waitForResult(task.task_id);
}, 60_000);

test("Ctrl-C in the middle of a trial leaves nothing", async () => {
  await folder.write("config.json", {});
  const image = await agentImage(environment, "doctor-interrupted");
  const from = performance.now();
  expect((await doctor("--task", image.reference)).code).toBe(0);
  const whole = performance.now() - from;
  for (let part = 2; part <= 10; part++) {
    await using child = startWorker(words("--task", image.reference));
    await Bun.sleep((whole * part) / 11);
    child.kill("SIGINT");
    expect(await Promise.race([child.exited, Bun.sleep(15_000)])).toMatchObject({ stderr: "" });
    expect(await trials()).toEqual([]);
  }
}, 120_000);

test("a daemon whose log driver keeps nothing: seen before a trial, and by it", async () => {
  await folder.write("config.json", {});
  await using dockerd = await PrivateDockerd.start({ mark: environment.run });
  await dockerd.down("SIGTERM");
  await writeFile(join(dockerd.folder, "daemon.json"), JSON.stringify({ "log-driver": "none" }));
  await dockerd.up();
  const image = await agentImage(environment, "doctor-none");
  const asked = words("--task", image.reference);
  const { code, stdout } = await runWorker({ ...asked, env: { ...asked.env, DOCKER_HOST: dockerd.address } }, 60_000);
  expect(stdout).toMatch(/^warn {2}logs .*driver none keeps nothing; mend: set log-driver to local/m);
  expect(stdout).toMatch(/^ok {4}task /m);
  expect(stdout).toMatch(/^warn {2}logs .*the daemon cannot read it; mend: /m);
  expect(code).toBe(0);
  expect(await trials(dockerd.docker)).toEqual([]);
}, 90_000);
