import { chmod, chown, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { OzStandIn } from "../support/oz-stand-in.ts";
import { PrivateDockerd } from "../support/private-dockerd.ts";
import { startWorker, type WorkerProcess } from "../support/worker-process.ts";

/** The person at the machine: no root, but a member of the group of the Docker socket. */
const OPERATOR = { uid: 1000, home: "/home/operator" };
const DOCKER_GROUP = 998;

/** Lays a layer of its own over folders of the machine ($1 holds them), puts the socket ($2) and the worker ($3) at their places. */
const SETUP = `set -e
mkdir "$1"
mount -t tmpfs tmpfs "$1"
for folder in etc home opt run usr/local/bin; do
  mkdir -p "$1/$folder/upper" "$1/$folder/work"
  mount -t overlay overlay -o "lowerdir=/$folder,upperdir=$1/$folder/upper,workdir=$1/$folder/work" "/$folder"
done
place() { rm -rf "$2"; touch "$2"; mount --bind "$1" "$2"; }
place "$2" /run/docker.sock
place "$3" /usr/local/bin/oz-agent-worker
install -d -m 0750 -o ${OPERATOR.uid} -g ${OPERATOR.uid} ${OPERATOR.home}`;

/**
 * What a test adds to a command: the addresses of its Oz, behind all words, and the way there from a container. The words of
 * the command itself are read by the shell and passed on as they are.
 */
const ADDED = `cd
docker() {
  if [ "$1" = run ]; then exec docker "$1" --network host "\${@:2}" $OZ_FLAGS; fi
  command docker "$@"
}
oz-agent-worker() { exec oz-agent-worker "$@" $OZ_FLAGS; }
`;

/**
 * A machine as the distributions make it, for commands that are run as they are copied: a Docker daemon of its own at
 * /var/run/docker.sock (root:docker, 0660), folders of its own, an operator who is a member of that group.
 */
export class PageHost implements AsyncDisposable {
  /** Where the operator's commands start. */
  readonly home = OPERATOR.home;

  private constructor(readonly dockerd: PrivateDockerd) {}

  /** `mark` is the name of the run, `binary` the path of a worker's binary. Needs root. */
  static async start(mark: string, binary: string): Promise<PageHost> {
    const dockerd = await PrivateDockerd.start({ mark });
    const host = new PageHost(dockerd);
    try {
      const layers = join(dockerd.folder, "layers");
      await mkdir(layers, { recursive: true });
      await chown(dockerd.socketPath, 0, DOCKER_GROUP);
      await chmod(dockerd.socketPath, 0o660);
      await host.asRoot(SETUP, join(layers, "of-the-host"), dockerd.socketPath, binary);
      return host;
    } catch (thrown) {
      await dockerd.stop();
      throw thrown;
    }
  }

  /** Starts the operator's shell on a text that ends with the worker or with `docker run`. */
  run(text: string, oz: OzStandIn, env: Readonly<Record<string, string>> = {}): WorkerProcess {
    return startWorker({
      command: [...this.#asOperator, "bash", "-ec", `${ADDED}${text}`],
      env: { HOME: this.home, WARP_API_KEY: oz.apiKey, OZ_FLAGS: oz.addressFlags().join(" "), ...env },
    });
  }

  /** The same for a text whose `docker run` names its container and leaves it in the background. */
  async runInBackground(text: string, oz: OzStandIn, container: string): Promise<WorkerProcess> {
    const { code, stderr } = await this.run(text, oz).exited;
    if (code !== 0) throw new Error(`docker run ended with ${code}: ${stderr}`);
    return startWorker({
      command: [...this.#asOperator, "docker", "logs", "--follow", container],
      env: { HOME: this.home },
    });
  }

  /** Runs the operator's `docker` to its end and answers its stdout and stderr. */
  docker(...words: readonly string[]): Promise<string> {
    return finish([...this.#asOperator, "env", `HOME=${this.home}`, "docker", ...words]);
  }

  /** Runs a shell's text with arguments to its end, as root. */
  asRoot(text: string, ...args: readonly string[]): Promise<string> {
    return finish([...this.dockerd.within, "bash", "-ec", text, "bash", ...args]);
  }

  /** Writes a file and sets its mode and owner, in spite of any. */
  async write(path: string, content: string, mode: string, owner: number = OPERATOR.uid): Promise<void> {
    await this.asRoot(`printf %s "$1" | install -m ${mode} -o ${owner} -g ${owner} /dev/stdin "$2"`, content, path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dockerd.stop();
  }

  get #asOperator(): readonly string[] {
    const { uid } = OPERATOR;
    return [...this.dockerd.within, "setpriv", `--reuid=${uid}`, `--regid=${uid}`, `--groups=${DOCKER_GROUP}`];
  }
}

async function finish(command: readonly string[]): Promise<string> {
  const child = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0) throw new Error(`${command.join(" ")}: ${stderr.trim()}`);
  return stdout + stderr;
}
