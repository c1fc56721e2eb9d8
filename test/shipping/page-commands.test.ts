import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { startTlsDaemon } from "../docker/endpoint/tls-daemon.ts";
import { TestAuthority } from "../support/certificates.ts";
import { testEnvironment } from "../support/environment.ts";
import { agentImage, sidecarImage } from "../support/images.ts";
import { PrivateRegistries } from "../support/private-registries.ts";
import { shippedBinary, shippedImage } from "../support/shipped.ts";
import { WorkerFixture } from "../support/worker-fixture.ts";
import { fillIn, pageCommands, shellBlock } from "./copied-commands.ts";
import { PageHost } from "./page-host.ts";

/** The commands of the public page, each as people copy it, on a machine as they have it. */

const environment = testEnvironment();
const stack = new AsyncDisposableStack();
let host: PageHost;
let image = "";
let commands: ReadonlyMap<string, string>;
let registries: PrivateRegistries;
/** An image that only a login gets, and what the login's file holds. */
let privateImage = "";
let login: object;

beforeAll(async () => {
  const binary = stack.use(await shippedBinary());
  host = stack.use(await PageHost.start(environment.run, binary.path));
  image = await shippedImage({ ...environment, docker: host.dockerd.docker }, binary);
  commands = await pageCommands();
  registries = stack.use(await PrivateRegistries.start(environment.run));
  const pushed = await agentImage({ ...environment, registry: registries.open }, "page-private");
  privateImage = registries.through(registries.basic, pushed);
  const { user, password } = registries.account;
  const auth = Buffer.from(`${user}:${password}`).toString("base64");
  login = { auths: { [registries.basic]: { auth } } };
  await host.asRoot("install -d -m 0755 /opt/shared-cache && echo shared > /opt/shared-cache/content");
}, 120_000);
afterEach(() => host.asRoot('rm -rf "$1/.docker"', host.home));
afterAll(() => stack.disposeAsync());

function command(name: string): string {
  const text = commands.get(name);
  if (text === undefined) throw new Error(`no such command: ${name}`);
  return text;
}

interface Copied {
  readonly workerId: string;
  /** What the reader puts in the place of words; the key is that of the test's Oz. */
  readonly values?: (key: string) => Readonly<Record<string, string>>;
  /** Variables of the reader's shell. */
  readonly env?: Readonly<Record<string, string>>;
  /** The container that is left in the background. */
  readonly container?: string;
  /** What the task does, and its image. */
  readonly script?: string;
  readonly taskImage?: string;
  /** A look at the worker while it is up. */
  readonly look?: (fixture: WorkerFixture) => Promise<void>;
}

/** The worker connects, says that it listens for tasks, a task runs, and a stop is orderly. Answers its log. */
async function works(copiedText: string, copied: Copied): Promise<string> {
  const { workerId, values = () => ({}), env, container, script = "exit 0", taskImage } = copied;
  await using fixture = await WorkerFixture.start("page", { docker: host.dockerd.docker, started: false, workerId });
  const { oz } = fixture;
  const text = fillIn(copiedText, values(oz.apiKey));
  await using worker =
    container === undefined ? host.run(text, oz, env) : await host.runInBackground(text, oz, container);
  await worker.waitForLine(/listening for tasks/, 30_000);
  const result = await fixture.run(script, {
    // How long the agent stays is the worker's to say.
    agent_config_snapshot: {},
    ...(taskImage === undefined ? {} : { docker_image: taskImage }),
  });
  expect({ type: result.type, lines: result.type === "task_completed" ? [] : worker.lines }).toEqual({
    type: "task_completed",
    lines: [],
  });
  await copied.look?.(fixture);
  if (container === undefined) worker.kill("SIGTERM");
  else await host.docker("stop", container);
  const { code, stderr } = await worker.exited;
  expect({ code, hasKey: stderr.includes(oz.apiKey) }).toEqual({ code: 0, hasKey: false });
  if (taskImage !== undefined) await host.docker("rmi", taskImage);
  if (container !== undefined) {
    expect(await host.docker("inspect", "--format", "{{.State.ExitCode}}", container)).toBe("0\n");
    await host.docker("rm", container);
  }
  return stderr;
}

/** The one container of the image that runs. */
async function container() {
  const { docker } = host.dockerd;
  const [found, ...more] = await docker.listContainers({ filters: { ancestor: [image] } });
  if (found === undefined || more.length > 0) throw new Error(`${more.length} containers too many`);
  return docker.getContainer(found.Id).inspect();
}

test("every command of the page is run here", async () => {
  const text = await readFile(import.meta.filename, "utf8");
  for (const name of commands.keys()) expect(text).toContain(`"${name}"`);
});

test("the machine's socket is one that a member of its group opens, and nobody else", async () => {
  expect(await host.asRoot("stat -c '%a %u %F' /var/run/docker.sock")).toBe("660 0 socket\n");
  expect(Number(await host.asRoot("stat -c %g /var/run/docker.sock"))).toBeGreaterThan(0);
  expect(await host.docker("version", "--format", "{{.Server.Os}}")).toBe("linux\n");
});

test("the first command", async () => {
  await works(command("plain"), {
    workerId: "my-worker",
    values: (key) => ({ IMAGE: image, your_team_api_key: key }),
    look: async ({ oz }) => {
      const { Id, Config, HostConfig, State } = await container();
      // What runs is what stands there: nothing but the addresses and the network is the test's.
      expect(Config.Cmd).toEqual(["--worker-id", "my-worker", ...oz.addressFlags()]);
      expect(HostConfig).toMatchObject({
        Binds: ["/var/run/docker.sock:/var/run/docker.sock"],
        GroupAdd: null,
        Privileged: false,
        SecurityOpt: null,
      });
      expect(Config.User).toBe("0:0");
      expect(State.Running).toBe(true);
      expect(await host.docker("exec", Id, "/oz-agent-worker", "health")).toContain("is connected to Oz");
    },
  });
});

test("the command with many flags", async () => {
  const log = await works(command("many flags"), {
    workerId: "prod-runner-1",
    values: () => ({ IMAGE: image }),
    script: `test "$(cat /cache/content)" = shared && test "$NPM_TOKEN" = your_token &&
      ! echo broken > /cache/content && case "$*" in *--idle-on-complete\\ 10m*) exit 0;; esac; exit 1`,
  });
  expect(log).toContain("DEBUG");
  expect(log).not.toContain("your_token");
});

test("a login file of mode 0600 that is the operator's own", async () => {
  // With a context that the operator uses: only the host has it.
  await host.docker("context", "create", "work", "--docker", "host=unix:///var/run/docker.sock");
  await host.write(`${host.home}/.docker/config.json`, JSON.stringify({ ...login, currentContext: "work" }), "0600");
  expect(await host.docker("context", "show")).toBe("work\n");
  await works(command("login file"), {
    workerId: "my-worker",
    values: () => ({ IMAGE: image }),
    taskImage: privateImage,
  });
});

test("without its login that image is not to be had", async () => {
  await using fixture = await WorkerFixture.start("no-login", {
    docker: host.dockerd.docker,
    started: false,
    workerId: "my-worker",
  });
  const values = { IMAGE: image, your_team_api_key: fixture.oz.apiKey };
  await using worker = host.run(fillIn(command("plain"), values), fixture.oz);
  await worker.waitForLine(/listening for tasks/, 30_000);
  const { data } = await fixture.run("exit 0", { docker_image: privateImage });
  expect(data).toMatchObject({ failure_reason: "image_pull" });
  worker.kill("SIGTERM");
  expect((await worker.exited).code).toBe(0);
});

test("the binary and a daemon behind TLS", async () => {
  using authority = new TestAuthority();
  await using daemon = await startTlsDaemon(authority.issue(), authority, host.dockerd.socketPath);
  const client = authority.issue("DNS:client");
  const certs = `${host.home}/certs`;
  await host.asRoot(`install -d -m 0700 -o 1000 -g 1000 ${certs}`);
  await host.write(`${certs}/ca.pem`, authority.pem, "0644");
  await host.write(`${certs}/cert.pem`, client.cert, "0644");
  await host.write(`${certs}/key.pem`, client.key, "0600");
  const log = await works(command("daemon behind TLS"), {
    workerId: "my-worker",
    values: () => ({ "tcp://remote-host:2376": `tcp://127.0.0.1:${daemon.port}`, "/path/to/certs": certs }),
  });
  expect(log).toContain(`tcp://127.0.0.1:${daemon.port} with TLS`);
});

test("the binary and the page's config file", async () => {
  const page = await readFile(join(import.meta.dir, "page-config.yaml"), "utf8");
  // The mirror is the one thing of the page that is nowhere; it has what the assignment names.
  const mirrored = page.replace("mirror.example.com/warp-agent:1", (await sidecarImage(environment)).reference);
  expect(mirrored).not.toBe(page);
  await host.write(`${host.home}/config.yaml`, mirrored, "0644");
  const log = await works(command("config file"), {
    workerId: "prod-runner-1",
    env: { GITHUB_TOKEN: "the-operators-token" },
    script: `test "$NPM_TOKEN $GITHUB_TOKEN" = "your_token the-operators-token" && test "$(cat /cache/content)" = shared`,
  });
  expect(log).toContain('source="the socket /var/run/docker.sock"');
  expect(log).not.toContain("the-operators-token");
});

test("a login of uid 10001, which the image knows nothing of", async () => {
  await host.asRoot(command("folder for the login of uid 10001"));
  await host.write("/etc/oz-agent-worker/docker/config.json", JSON.stringify(login), "0400", 10001);
  expect(await host.asRoot("stat -c '%a %u %g' /etc/oz-agent-worker/docker")).toBe("700 10001 10001\n");
  await works(command("login of uid 10001"), {
    workerId: "my-worker",
    values: () => ({ IMAGE: image }),
    taskImage: privateImage,
  });
});

describe("the commands of the README", () => {
  const published = "oz-agent-worker:dev";
  let readme = "";
  beforeAll(async () => {
    readme = await readFile(join(import.meta.dir, "../../README.md"), "utf8");
  });

  test("begin with the page's first one, as it stands there", () => {
    expect(shellBlock(readme, '--worker-id "my-worker"')).toEndWith(fillIn(command("plain"), { IMAGE: published }));
  });

  test("log in to a registry and run in the background, as the image is and then hardened", async () => {
    const { user, password } = registries.account;
    const withPassword = `${registries.basic} --username ${user} --password-stdin <<< '${password}'`;
    const copied: Copied = {
      workerId: "prod-runner-1",
      values: () => ({ [published]: image }),
      container: "oz-worker",
      taskImage: privateImage,
      look: async () => {
        expect(await host.docker("exec", "oz-worker", "/oz-agent-worker", "health")).toContain("is connected to Oz");
      },
    };
    const login = fillIn(shellBlock(readme, "oz-agent-worker/docker login"), {
      "registry.example.com": withPassword,
    });
    await host.asRoot(login);
    await works(shellBlock(readme, "--ulimit core=0 \\\n  -v"), copied);
    await host.asRoot(shellBlock(readme, "chown -R"));
    await works(shellBlock(readme, "--cap-drop ALL"), copied);
  });
});
