import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isProblem } from "../../scripts/environment/problem.ts";
import { type Registry, startRegistry } from "../../scripts/environment/registry.ts";
import { findProgram } from "../../scripts/environment/requirements.ts";
import { TestAuthority } from "./certificates.ts";
import type { PushedImage } from "./push-image.ts";
import { type TokenAccount, TokenServer } from "./token-server.ts";

/** Three registries with the same content: what is pushed to `open` can be pulled from the others with a login. */
export class PrivateRegistries implements AsyncDisposable {
  readonly account: TokenAccount = {
    user: "puller",
    password: `pass:word-${crypto.randomUUID()}`,
    identityToken: `identity-${crypto.randomUUID()}`,
  };
  readonly #authority = new TestAuthority();
  readonly #started: Registry[] = [];
  readonly #tokens = new TokenServer(this.account, this.#authority.issue("DNS:token-server"));
  #folder = "";
  #open = "";
  #basic = "";
  #token = "";

  /** `mark` is the name of the run. */
  static async start(mark: string): Promise<PrivateRegistries> {
    const registries = new PrivateRegistries();
    try {
      await registries.#start(mark);
      return registries;
    } catch (error) {
      await registries[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Of anybody: `127.0.0.1:PORT`. */
  get open(): string {
    return this.#open;
  }

  /** Asks for user and password (a file of htpasswd). */
  get basic(): string {
    return this.#basic;
  }

  /** Takes the tokens of `tokens`. */
  get token(): string {
    return this.#token;
  }

  get tokens(): TokenServer {
    return this.#tokens;
  }

  /** The same image, by way of another registry. */
  through(registry: string, image: PushedImage): string {
    return image.reference.replace(/^[^/]+/, registry);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#started.map((registry) => registry.stop()));
    await this.#tokens[Symbol.asyncDispose]();
    this.#authority[Symbol.dispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #start(mark: string): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), "oz-registries-test-"));
    const passwords = join(this.#folder, "htpasswd");
    // What `htpasswd -B` writes: the registry takes bcrypt alone.
    const hash = await Bun.password.hash(this.account.password, { algorithm: "bcrypt", cost: 4 });
    await writeFile(passwords, `${this.account.user}:${hash}\n`);
    const auths = [
      undefined,
      { htpasswd: { realm: "test", path: passwords } },
      { token: this.#tokens.settings(this.#authority.file) },
    ];
    const addresses = await Promise.all(auths.map((auth, index) => this.#startOne(mark, String(index), auth)));
    [this.#open = "", this.#basic = "", this.#token = ""] = addresses;
  }

  async #startOne(mark: string, name: string, auth: object | undefined): Promise<string> {
    const folder = join(this.#folder, name);
    await mkdir(folder);
    const registry = await startRegistry(findProgram("docker-registry") ?? "docker-registry", folder, mark, {
      data: join(this.#folder, "data"),
      ...(auth === undefined ? {} : { auth }),
    });
    if (isProblem(registry)) throw new Error(registry.problem);
    this.#started.push(registry);
    return registry.address;
  }
}
