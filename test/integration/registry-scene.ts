import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type TempFolder, tempFolder } from "../docker/registry/temp-folder.ts";
import { testEnvironment } from "../support/environment.ts";
import { agentImage } from "../support/images.ts";
import type { Received } from "../support/oz-events.ts";
import { PrivateRegistries } from "../support/private-registries.ts";
import type { PushedImage } from "../support/push-image.ts";
import { WorkerFixture } from "../support/worker-fixture.ts";

/**
 * A worker whose Docker config file the tests change as it runs, and registries that ask for a login. The helpers `right`,
 * `wrong`, `token` (answers an identity token), `once` (fails the first time) and `leaky` (fails, and tells too much) are in
 * its PATH.
 */
export class RegistryScene implements AsyncDisposable {
  readonly wrongPassword = `wrong-word-${crypto.randomUUID()}`;
  private constructor(
    readonly registries: PrivateRegistries,
    /** The same image in all three registries. */
    readonly image: PushedImage,
    readonly fixture: WorkerFixture,
    readonly configFolder: TempFolder,
    readonly programs: TempFolder,
  ) {}

  static async start(): Promise<RegistryScene> {
    const environment = testEnvironment();
    const [registries, folder, programs] = await Promise.all([
      PrivateRegistries.start(environment.run),
      tempFolder(),
      tempFolder(),
    ]);
    try {
      const image = await agentImage({ ...environment, registry: registries.open }, "private");
      const home = join(folder.path, "home");
      const fixture = await WorkerFixture.start("registry", {
        env: { HOME: home, DOCKER_CONFIG: folder.path, PATH: `${programs.path}:${process.env.PATH}` },
      });
      const scene = new RegistryScene(registries, image, fixture, folder, programs);
      await scene.#writeHelpers();
      // Not to be used where DOCKER_CONFIG is set.
      const elsewhere = scene.login(registries.basic, scene.wrongPassword);
      await Bun.write(join(home, ".docker/config.json"), JSON.stringify(elsewhere));
      return scene;
    } catch (error) {
      await Promise.all([registries, folder, programs].map((part) => part[Symbol.asyncDispose]()));
      throw error;
    }
  }

  /** The private image by way of the registry that asks for a password. */
  get basic(): string {
    return this.registries.through(this.registries.basic, this.image);
  }

  /** The private image by way of the registry that takes tokens. */
  get token(): string {
    return this.registries.through(this.registries.token, this.image);
  }

  /** The private image's path on its registry. */
  get repository(): string {
    return /\/(.*):/.exec(this.image.reference)?.[1] ?? "";
  }

  /** A config file with a login as `docker login` writes it. */
  login(key: string, password = this.registries.account.password): { readonly auths: object } {
    const pair = `${this.registries.account.user}:${password}`;
    return { auths: { [key]: { auth: Buffer.from(pair).toString("base64") } } };
  }

  writeConfig(config: unknown): Promise<string> {
    return this.configFolder.write("config.json", config);
  }

  removeConfig(): Promise<void> {
    return rm(join(this.configFolder.path, "config.json"), { force: true });
  }

  /** Runs a task of that image with that config file. */
  async runWith(config: unknown, image: string): Promise<Received> {
    await this.writeConfig(config);
    return this.run(image);
  }

  run(image: string): Promise<Received> {
    return this.fixture.run("exit 0", { docker_image: image });
  }

  /** The registries that helpers were asked about since the last call. */
  async asked(): Promise<readonly string[]> {
    const file = Bun.file(join(this.programs.path, "asked"));
    if (!(await file.exists())) return [];
    const text = await file.text();
    await file.delete();
    return text.trim().split("\n");
  }

  /** Runs the Docker CLI on the worker's config file, with the right password as input. */
  async docker(...args: readonly string[]): Promise<void> {
    const child = Bun.spawn(["docker", "--config", this.configFolder.path, ...args], {
      env: {
        PATH: process.env.PATH,
        HOME: this.configFolder.path,
        DOCKER_HOST: this.fixture.environment.dockerHost,
      },
      stdin: Buffer.from(this.registries.account.password),
      stdout: "ignore",
      stderr: "pipe",
    });
    const [stderr, code] = await Promise.all([new Response(child.stderr).text(), child.exited]);
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${stderr}`);
  }

  /** The secrets, in clear or as a login's base64, that the worker's log or its messages to Oz hold. */
  secretsTold(): readonly string[] {
    return this.secretsIn(
      [...this.fixture.worker.lines, ...this.fixture.oz.received.map(({ text }) => text)].join("\n"),
    );
  }

  secretsIn(said: string): readonly string[] {
    const { user, password, identityToken } = this.registries.account;
    const pair = (secret: string) => Buffer.from(`${user}:${secret}`).toString("base64");
    const wrong = this.wrongPassword;
    return [password, pair(password), identityToken, wrong, pair(wrong)].filter((secret) => said.includes(secret));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.fixture.close();
    } finally {
      const parts = [this.registries, this.configFolder, this.programs];
      await Promise.all(parts.map((part) => part[Symbol.asyncDispose]()));
    }
  }

  async #writeHelpers(): Promise<void> {
    const { user, password, identityToken } = this.registries.account;
    const answering = (name: string, username: string, secret: string) =>
      this.programs.script(
        `docker-credential-${name}`,
        `read -r server; echo "$server" >> ${this.programs.path}/asked
echo '{"ServerURL":"x","Username":"${username}","Secret":"${secret}"}'`,
      );
    await answering("right", user, password);
    await answering("wrong", user, this.wrongPassword);
    await answering("token", "<token>", identityToken);
    const { path } = this.programs;
    await this.programs.script(
      "docker-credential-once",
      `if [ ! -e ${path}/failed ]; then touch ${path}/failed; echo "the vault is busy" >&2; exit 1; fi
exec ${path}/docker-credential-right get`,
    );
    const told = `tried ${this.wrongPassword}, then password=${password}`;
    await this.programs.script("docker-credential-leaky", `echo "${told}" >&2; exit 1`);
  }
}
