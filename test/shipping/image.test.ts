import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { chown, copyFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { version } from "../../package.json";
import { REACHED } from "../../scripts/release/left-out-modules.ts";
import { tempFolder } from "../docker/registry/temp-folder.ts";
import { agentImage } from "../support/images.ts";
import { PrivateRegistries } from "../support/private-registries.ts";
import { runBare, type ShippedBinary, shippedBinary, shippedImage } from "../support/shipped.ts";
import { WorkerFixture } from "../support/worker-fixture.ts";
import { startWorker, type WorkerProcess } from "../support/worker-process.ts";

let binary: ShippedBinary;
let fixture: WorkerFixture;
let image = "";
let socket = "";
let group = "";
const started = new Set<string>();
const stack = new AsyncDisposableStack();

beforeAll(async () => {
  binary = stack.use(await shippedBinary());
  fixture = stack.use(await WorkerFixture.start("image", { started: false }));
  image = await shippedImage(fixture.environment, binary);
  socket = fixture.environment.dockerHost.slice("unix://".length);
  group = String((await stat(socket)).gid);
});
// A worker that a failed test leaves would take the tasks of the next one.
afterEach(async () => void (await Promise.all([...started].map((name) => remove(name)))));
afterAll(() => stack.disposeAsync());

async function docker(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { dockerHost } = fixture.environment;
  const child = Bun.spawn(["docker", "-H", dockerHost, ...args], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

async function remove(name: string): Promise<void> {
  await docker("rm", "-f", name);
  started.delete(name);
}

/** Everything taken away that the worker can do without, but for its user. */
const HARDENED = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"] as const;
/** What a user who is not root needs to open the socket. */
const asUser = (user: string) => ["--user", user, "--group-add", group];

/** `docker run`; the process is Docker's command line, which passes the log on. */
function runImage(options: readonly string[], ...flags: readonly string[]): WorkerProcess & { readonly name: string } {
  const { oz, environment } = fixture;
  const name = environment.name(`image-${crypto.randomUUID().slice(0, 8)}`);
  started.add(name);
  const process = startWorker({
    command: ["docker", "-H", environment.dockerHost, "run", "--name", name, "--network", "host"],
    args: [
      ...["-e", "WARP_API_KEY", "-v", `${socket}:/var/run/docker.sock`, ...options, image],
      ...[...oz.flags(), ...flags],
    ],
    env: { WARP_API_KEY: oz.apiKey },
  });
  return { ...process, name };
}

/** Stops a worker's container as an operator does, and answers how long that took and how it ended. */
async function stop(name: string): Promise<{ readonly code: number; readonly ms: number; readonly log: string }> {
  const start = performance.now();
  await docker("stop", "--time", "20", name);
  const ms = performance.now() - start;
  const code = Number((await docker("inspect", "--format", "{{.State.ExitCode}}", name)).stdout);
  const log = (await docker("logs", name)).stderr;
  await remove(name);
  return { code, ms, log };
}

test("it is small, from nothing, and says what it is", async () => {
  const { Size, Config, RootFS } = await fixture.environment.docker.getImage(image).inspect();
  expect(Size).toBeLessThan(130_000_000);
  expect(RootFS.Layers).toHaveLength(2);
  expect(Config).toMatchObject({ User: "0:0", Env: ["HOME=/root", "DOCKER_CONTEXT=default"] });
  expect(Config.Labels).toMatchObject({
    "org.opencontainers.image.version": version,
    "org.opencontainers.image.licenses": "MIT",
  });
  const run = await docker("run", "--rm", ...HARDENED, "--user", "999", "--network", "none", image, "--version");
  expect(run).toMatchObject({ code: 0, stderr: "" });
  expect(run.stdout).toStartWith(`oz-agent-worker ${version}`);
});

test("a socket that it may not open: one line that says what to add, and exit code 1", async () => {
  await using worker = runImage([...HARDENED, "--user", "4321:4321"]);
  const { code, stderr } = await worker.exited;
  const lines = stderr.trimEnd().split("\n");
  expect(code).toBe(1);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain(`\`--group-add ${group}\``);
});

test.each([
  ["as it is", () => []],
  ["hardened", () => [...HARDENED, ...asUser("10001:10001")]],
  ["hardened, without a home", () => [...HARDENED, ...asUser("4321:4321"), "-e", "HOME="]],
  ["as root without any capability", () => HARDENED],
])("a task, health and an orderly end, %s", async (_, options) => {
  const { oz } = fixture;
  await using worker = runImage(options());
  await oz.waitForLink();
  const [done, health, byAnother, byRoot, fromOutside] = await Promise.all([
    fixture.run("echo hello"),
    docker("exec", worker.name, "/oz-agent-worker", "health"),
    docker("exec", "--user", "999", worker.name, "/oz-agent-worker", "health"),
    docker("exec", "--user", "0", worker.name, "/oz-agent-worker", "health"),
    runBare(binary.path, ["health", "--worker-id", oz.workerId]),
  ]);
  expect(done).toMatchObject({ type: "task_completed" });
  expect(health).toMatchObject({ code: 0, stderr: "" });
  expect(health.stdout).toContain(`worker "${oz.workerId}" (pid 1) is connected to Oz`);
  expect(byAnother).toMatchObject({ code: 1, stderr: expect.stringMatching(/ask as (that|its own) user or root$/m) });
  const user = Number((await docker("inspect", "--format", "{{.Config.User}}", worker.name)).stdout.split(":")[0]);
  expect(byRoot).toMatchObject({ code: 0, stderr: "" });
  expect(byRoot.stdout).toContain(`(pid 1${user === 0 ? "" : `, user ${user}`}) is connected to Oz`);
  // The container shares the host's network, and so its names of sockets.
  expect(fromOutside).toMatchObject({ code: 1, stderr: `no worker with the id "${oz.workerId}" runs here\n` });

  const task = await fixture.runUntilReady("trap 'exit 0' TERM; echo ready; sleep 1000 & wait");
  // The commands that an operator types into the image: there is no shell in it, and nothing of the host's processes.
  const inside = (...words: string[]) => docker("exec", worker.name, "/oz-agent-worker", ...words);
  const [listed, status, logs] = await Promise.all([
    inside("ps", "--json"),
    inside("status"),
    inside("logs", task.task_id),
  ]);
  expect(JSON.parse(listed.stdout)).toMatchObject([{ task: task.task_id, phase: "running" }]);
  expect(JSON.parse(listed.stdout)[0].memory_bytes).toBeGreaterThan(0);
  expect(status).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/\(pid 1\): connected for .*; 1 tasks; taking tasks/),
  });
  expect(logs).toMatchObject({ code: 0, stdout: "ready\n" });

  const { code, ms, log } = await stop(worker.name);
  expect(code).toBe(0);
  expect(log).not.toContain(REACHED);
  expect(ms).toBeLessThan(15_000);
  expect((await oz.waitForResult(task.task_id)).data).toMatchObject({ failure_reason: "graceful_shutdown" });
  await oz.waitFor("a close with 1000", () => {
    const last = oz.events.findLast((event) => event.kind === "closed");
    return last?.kind === "closed" && last.code === 1000 ? true : undefined;
  });
});

test.each([
  ["as it is", () => []],
  ["hardened", () => [...HARDENED, ...asUser("10001:10001")]],
])("the image's own check says healthy while Oz is there, and not when it is away, %s", async (_, options) => {
  const { oz } = fixture;
  const often = ["--health-interval", "300ms", "--health-start-period", "0s", "--health-retries", "1"];
  await using worker = runImage([...options(), ...often]);
  await oz.waitForLink();
  const status = async () => {
    const { State } = await fixture.environment.docker.getContainer(worker.name).inspect();
    return State.Health;
  };
  const untilStatus = async (wanted: string) => {
    for (let waited = 0; waited < 15_000; waited += 100) {
      if ((await status())?.Status === wanted) return;
      await Bun.sleep(100);
    }
    throw new Error(`never ${wanted}: ${JSON.stringify(await status())}`);
  };
  await untilStatus("healthy");
  await oz.goAway();
  await untilStatus("unhealthy");
  expect((await status())?.Log.at(-1)?.Output).toContain("not connected to Oz");
  oz.comeBack();
  await oz.waitForLink(30_000);
  await untilStatus("healthy");
  expect((await stop(worker.name)).code).toBe(0);
});

test("a killed container's task is taken over by the next container", async () => {
  const { oz } = fixture;
  await using first = runImage([]);
  await oz.waitForLink();
  const task = await fixture.runUntilReady("echo ready; sleep 2; exit 5");
  await docker("kill", first.name);
  await first.exited;
  await using second = runImage([]);
  expect((await oz.waitForResult(task.task_id)).data).toMatchObject({ failure_reason: "container_exit", exit_code: 5 });
  await fixture.untilCleared(task.task_id);
  expect((await stop(second.name)).code).toBe(0);
  expect(oz.typesOf(task.task_id).filter((type) => type !== "task_claimed")).toEqual(["task_failed"]);
  await remove(first.name);
});

describe("a login in a folder of mode 0700 that belongs to uid 10001", () => {
  const privately = new AsyncDisposableStack();
  let registries: PrivateRegistries;
  let folder = "";
  let taskImage = "";
  beforeAll(async () => {
    const { environment } = fixture;
    registries = privately.use(await PrivateRegistries.start(environment.run));
    const pushed = await agentImage({ ...environment, registry: registries.open }, "image-private");
    taskImage = registries.through(registries.basic, pushed);
    folder = privately.use(await tempFolder()).path;
    const { user, password } = registries.account;
    const auth = Buffer.from(`${user}:${password}`).toString("base64");
    const file = join(folder, "config.json");
    await writeFile(file, JSON.stringify({ auths: { [registries.basic]: { auth } } }), { mode: 0o400 });
    for (const path of [file, folder]) await chown(path, 10001, 10001);
  });
  afterAll(() => privately.disposeAsync());

  /** Runs a task of the private image and answers its end and the worker's log, in which no password stands. */
  async function runPrivate(...options: readonly string[]) {
    await using worker = runImage(options);
    await fixture.oz.waitForLink();
    const { data } = await fixture.run("true", { docker_image: taskImage });
    const { log } = await stop(worker.name);
    expect(log).not.toContain(registries.account.password);
    await docker("rmi", taskImage);
    return { message: data.message, log };
  }
  const COMPLETED = "Task completed successfully";

  test.each([
    ["at the home, as it is", "/root/.docker", []],
    ["at DOCKER_CONFIG, as it is", "/home/oz/.docker", ["-e", "DOCKER_CONFIG=/home/oz/.docker"]],
  ])("is used %s", async (_, place, options) => {
    expect(await runPrivate("-v", `${folder}:${place}:ro`, ...options)).toMatchObject({ message: COMPLETED });
  });

  test("is used hardened, by its owner", async () => {
    const options = [...HARDENED, ...asUser("10001:10001"), "-v", `${folder}:/root/.docker:ro`];
    expect(await runPrivate(...options)).toMatchObject({ message: COMPLETED });
  });

  test("cannot be read by root without any capability, and the log says so", async () => {
    const { message, log } = await runPrivate(...HARDENED, "-v", `${folder}:/root/.docker:ro`);
    expect(message).toStartWith("Failed to execute task: ");
    expect(log).toMatch(/WARN Docker config file \/root\/\.docker\/config\.json: cannot be read \(EACCES\)/);
  });

  test("that is renewed by a rename is seen where the folder is mounted, and not where the file is", async () => {
    const { environment, oz } = fixture;
    const pushed = await agentImage({ ...environment, registry: registries.open }, "image-renewed");
    const renewed = registries.through(registries.basic, pushed);
    const right = join(folder, "config.json");
    await using live = await tempFolder();
    const file = join(live.path, "config.json");
    for (const [mount, ends] of [
      [`${live.path}:/root/.docker:ro`, ["task_failed", "task_completed"]],
      [`${file}:/root/.docker/config.json:ro`, ["task_failed", "task_failed"]],
    ] as const) {
      await writeFile(file, "{}");
      await using worker = runImage(["-v", mount]);
      await oz.waitForLink();
      const before = await fixture.run("true", { docker_image: renewed });
      await copyFile(right, join(live.path, "new"));
      await rename(join(live.path, "new"), file);
      const after = await fixture.run("true", { docker_image: renewed });
      expect({ mount, ends: [before.type, after.type] }).toEqual({ mount, ends: [...ends] });
      await stop(worker.name);
      await docker("rmi", renewed);
    }
  });
});
