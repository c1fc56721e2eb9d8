import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { ScratchFolder } from "../docker/endpoint/scratch-folder.ts";

export interface DaemonAnswers {
  /** Fields of `/info` in place of a good daemon's. */
  readonly info?: Readonly<Record<string, unknown>>;
  readonly volumes?: readonly object[];
  readonly containers?: readonly object[];
}

const GOOD_INFO = {
  Name: "elsewhere",
  DockerRootDir: "/var/lib/docker",
  LoggingDriver: "json-file",
  MemoryLimit: true,
  SwapLimit: true,
  CpuCfsQuota: true,
  PidsLimit: true,
  CgroupVersion: "2",
};

/** What a Docker daemon answers to who only looks, on a socket of its own; `env` leads there. */
export class DaemonModel implements AsyncDisposable {
  readonly #folder = new ScratchFolder();
  readonly socketPath = join(this.#folder.path, "docker.sock");
  readonly env = { DOCKER_HOST: `unix://${this.socketPath}` };
  readonly #server: Server;

  private constructor({ info, volumes = [], containers = [] }: DaemonAnswers) {
    const answers = new Map<string, unknown>([
      ["/version", { ApiVersion: "1.47", MinAPIVersion: "1.24", Version: "27.3.1", Os: "linux", Arch: "amd64" }],
      ["/info", { ...GOOD_INFO, ...info }],
      ["/volumes", { Volumes: volumes }],
      ["/containers/json", containers],
      ["/_ping", "OK"],
    ]);
    this.#server = createServer((request, response) => {
      const path = (request.url ?? "").replace(/\?.*/, "").replace(/^\/v\d+\.\d+(?=\/)/, "");
      const answer = answers.get(path);
      response.writeHead(answer === undefined ? 404 : 200, { "Content-Type": "application/json" });
      response.end(JSON.stringify(answer ?? { message: `no ${path}` }));
    });
  }

  static async start(answers: DaemonAnswers = {}): Promise<DaemonModel> {
    const model = new DaemonModel(answers);
    await new Promise<void>((resolve) => model.#server.listen(model.socketPath, resolve));
    return model;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    this.#folder[Symbol.dispose]();
  }
}
