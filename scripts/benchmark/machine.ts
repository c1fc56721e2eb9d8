import { cpus, totalmem } from "node:os";
import type Docker from "dockerode";
import type { Machine } from "./figure.ts";

/** What kind of machine this is. */
export async function describeMachine(docker: Docker): Promise<Machine> {
  const version = await docker.version();
  const processors = cpus();
  return {
    cpus: processors.length,
    cpuModel: (processors[0]?.model ?? "unknown").replace(/\s+/g, " ").trim(),
    memoryGib: Math.round(totalmem() / 1024 ** 3),
    engineVersion: version.Version,
    apiVersion: version.ApiVersion,
  };
}
