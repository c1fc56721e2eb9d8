import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, type Problem } from "./problem.ts";
import { startProcess } from "./processes.ts";

/** A registry on this machine that speaks plain HTTP. */
export interface Registry {
  /** `127.0.0.1:PORT`. */
  readonly address: string;
  stop(): Promise<void>;
}

export interface RegistryOptions {
  /** The registry's own setting `auth`; without it everybody may pull and push. */
  readonly auth?: object;
  /** Its content; several registries may share one. Default is a folder in `folder`. */
  readonly data?: string;
}

/** Starts docker-registry on a free port of 127.0.0.1 with its files in `folder`, which must exist. */
export async function startRegistry(
  program: string,
  folder: string,
  mark: string,
  options: RegistryOptions = {},
): Promise<Registry | Problem> {
  const config = join(folder, "registry.yml");
  const log = join(folder, "registry.log");
  await writeFile(config, registryConfig(options.data ?? join(folder, "registry"), options.auth));
  await writeFile(log, "");
  try {
    const env = { PATH: process.env.PATH ?? "", OZ_ENVIRONMENT_RUN: mark };
    const registry = await startProcess([program, "serve", config], { output: { file: log }, env });
    let running = true;
    void registry.exited.then(() => {
      running = false;
    });
    const stop = () => registry.stop(2000);
    for (let waited = 0; waited < 10_000 && running; waited += 20) {
      // The kernel picks the port and the registry tells it: nobody can take it in between.
      const port = /listening on 127\.0\.0\.1:(\d+)/.exec(await readFile(log, "utf8"))?.[1];
      if (port !== undefined) return { address: `127.0.0.1:${port}`, stop };
      await Bun.sleep(20);
    }
    await stop();
    const lastLine = (await readFile(log, "utf8")).trim().split("\n").at(-1) ?? "";
    return { problem: `docker-registry did not start: ${lastLine || "no output"}` };
  } catch (thrown) {
    return { problem: `docker-registry cannot be started: ${messageOf(thrown)}` };
  }
}

function registryConfig(data: string, auth: object | undefined): string {
  return JSON.stringify({
    version: "0.1",
    ...(auth === undefined ? {} : { auth }),
    log: { level: "info", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: data }, delete: { enabled: true } },
    http: { addr: "127.0.0.1:0" },
  });
}
