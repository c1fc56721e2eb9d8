import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What a control group has used and uses; see cgroups(7). */
export interface CgroupUsage {
  /** CPU time in nanoseconds, since its beginning. */
  readonly cpuNanoseconds: number;
  /** Bytes, without what the kernel keeps of files and may drop. */
  readonly memory: number;
  readonly memoryLimit?: number;
  readonly processes?: number;
}

export type ReadSystemFile = (path: string) => string;

const ROOT = "/sys/fs/cgroup";
/** What version 1 says where there is no limit is beyond all machines. */
const NO_LIMIT = 2 ** 60;

/**
 * What the control group of a container's first process uses, by the files of the kernel: at once, where the engine takes a
 * second to tell. `undefined` where that process is not one of this machine's, as far as is seen from here.
 */
export function cgroupUsage(
  pid: number,
  containerId: string,
  read: ReadSystemFile = (path) => readFileSync(path, "utf8"),
): CgroupUsage | undefined {
  try {
    const groups = read(`/proc/${pid}/cgroup`).trim().split("\n");
    const pathOf = (controller: string) => {
      const path = groups
        .map((line) => /^\d+:([^:]*):(.*)$/.exec(line))
        .find((one) => one?.[1]?.split(",").includes(controller));
      // Another process may have that number by now, or here.
      return path?.[2]?.includes(containerId) === true ? path[2] : undefined;
    };
    // A machine may have both: what is bound to version 1 is not told by the other.
    const ofVersion1 = version1(pathOf, read);
    const unified = pathOf("");
    return ofVersion1 ?? (unified === undefined ? undefined : version2(join(ROOT, unified), read));
  } catch {
    return undefined;
  }
}

function version2(folder: string, read: ReadSystemFile): CgroupUsage {
  const memory = Number(read(join(folder, "memory.current")));
  const limit = read(join(folder, "memory.max")).trim();
  return {
    cpuNanoseconds: field(read(join(folder, "cpu.stat")), "usage_usec") * 1_000,
    memory: Math.max(0, memory - field(read(join(folder, "memory.stat")), "inactive_file")),
    ...(limit === "max" ? {} : { memoryLimit: Number(limit) }),
    processes: Number(read(join(folder, "pids.current"))),
  };
}

function version1(pathOf: (controller: string) => string | undefined, read: ReadSystemFile): CgroupUsage | undefined {
  const [memory, cpu, pids] = [pathOf("memory"), pathOf("cpuacct"), pathOf("pids")];
  if (memory === undefined || cpu === undefined) return undefined;
  const inMemory = (file: string) => read(join(ROOT, "memory", memory, file));
  const limit = Number(inMemory("memory.limit_in_bytes"));
  return {
    cpuNanoseconds: Number(read(join(ROOT, "cpuacct", cpu, "cpuacct.usage"))),
    memory: Math.max(
      0,
      Number(inMemory("memory.usage_in_bytes")) - field(inMemory("memory.stat"), "total_inactive_file"),
    ),
    ...(limit < NO_LIMIT ? { memoryLimit: limit } : {}),
    ...(pids === undefined ? {} : { processes: Number(read(join(ROOT, "pids", pids, "pids.current"))) }),
  };
}

function field(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1] ?? 0);
}
