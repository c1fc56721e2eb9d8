import { chmod, copyFile, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import type { HealthVerdict } from "../../src/operator/check-health.ts";

const Verdict = v.object({ healthy: v.boolean(), line: v.string() });

/** A process of another user that stays until it is ended. */
export interface OtherProcess extends AsyncDisposable {
  readonly pid: number;
  /** Makes it say one more line. */
  poke(): Promise<string>;
  kill(signal: NodeJS.Signals): void;
}

/** Who a process is to be. */
export interface Who {
  readonly uid: number;
  /** Besides the one of the same figure. */
  readonly groups?: readonly number[];
}

/** A folder that everybody may look into: the run's own one for temporary files is closed to other users. */
export async function openFolder(): Promise<string> {
  const folder = await mkdtemp("/tmp/oz-agent-worker-users-");
  await chmod(folder, 0o755);
  return folder;
}

export const ROOT: Who = { uid: 0 };

/**
 * Runs the deeds of other-process.ts as any user: the runtime and the script stand in a folder that everybody may read.
 * Takes root.
 */
export class OtherUsers implements AsyncDisposable {
  readonly #folder: string;
  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async make(): Promise<OtherUsers> {
    const folder = await openFolder();
    await copyFile(process.execPath, join(folder, "bun"));
    await chmod(join(folder, "bun"), 0o755);
    const built = await Bun.build({
      entrypoints: [join(import.meta.dir, "other-process.ts")],
      outdir: folder,
      target: "bun",
    });
    if (!built.success) throw new Error(built.logs.join("\n"));
    return new OtherUsers(folder);
  }

  /** A command line; `before` comes first, as a program that runs the rest. */
  command(who: Who, deed: readonly string[]): readonly string[] {
    const { uid, groups = [] } = who;
    const ids = ["--reuid", String(uid), "--regid", String(uid)];
    const more = groups.length === 0 ? ["--clear-groups"] : ["--groups", groups.join(",")];
    return ["setpriv", ...ids, ...more, join(this.#folder, "bun"), join(this.#folder, "other-process.js"), ...deed];
  }

  /** Starts what stays; resolves when it says that it is ready. */
  async start(who: Who, ...deed: readonly string[]): Promise<OtherProcess> {
    const child = Bun.spawn([...this.command(who, deed)], {
      stdin: "pipe",
      stdout: "pipe",
      stderr: "inherit",
      cwd: "/",
    });
    const reader = child.stdout.getReader();
    const line = async () => {
      const { value } = await reader.read();
      return new TextDecoder().decode(value).trimEnd();
    };
    const first = await line();
    if (first !== "ready") throw new Error(`said ${JSON.stringify(first)} in place of ready: ${deed.join(" ")}`);
    return {
      pid: child.pid,
      async poke() {
        child.stdin.write("\n");
        await child.stdin.flush();
        return await line();
      },
      kill: (signal) => child.kill(signal),
      async [Symbol.asyncDispose]() {
        child.kill("SIGKILL");
        await child.exited;
      },
    };
  }

  /** Runs what ends by itself and answers what it says. */
  async run(who: Who, ...deed: readonly string[]): Promise<string> {
    return await output(this.command(who, deed));
  }

  /** Asks for the health of the workers of an id, or of all. */
  async health(who: Who, workerId = "", dockerSocket = "/nowhere", limitMs = ""): Promise<HealthVerdict> {
    return v.parse(Verdict, JSON.parse(await this.run(who, "ask", workerId, dockerSocket, limitMs)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}

/** What a command says on stdout. Throws where it fails. */
export async function output(command: readonly string[]): Promise<string> {
  const child = Bun.spawn([...command], { stdin: "ignore", stdout: "pipe", stderr: "inherit", cwd: "/" });
  const said = (await new Response(child.stdout).text()).trimEnd();
  const code = await child.exited;
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}`);
  return said;
}
