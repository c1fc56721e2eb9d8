import { expect, test } from "bun:test";
import { cgroupUsage } from "../../src/host/cgroup-usage.ts";

const ID = "f00d".repeat(16);

function files(map: Readonly<Record<string, string>>) {
  return (path: string) => {
    const text = map[path];
    if (text === undefined) throw new Error(`ENOENT ${path}`);
    return text;
  };
}

test("version 2", () => {
  const folder = `/sys/fs/cgroup/system.slice/docker-${ID}.scope`;
  const read = files({
    "/proc/7/cgroup": `0::/system.slice/docker-${ID}.scope\n`,
    [`${folder}/memory.current`]: "5000\n",
    [`${folder}/memory.max`]: "max\n",
    [`${folder}/memory.stat`]: "anon 1\ninactive_file 2000\n",
    [`${folder}/cpu.stat`]: "usage_usec 12\nuser_usec 5\n",
    [`${folder}/pids.current`]: "3\n",
  });
  expect(cgroupUsage(7, ID, read)).toEqual({ cpuNanoseconds: 12_000, memory: 3_000, processes: 3 });
});

test("version 1, also beside an empty version 2", () => {
  const read = files({
    "/proc/7/cgroup": `9:memory:/docker/${ID}\n4:cpu,cpuacct:/docker/${ID}\n3:pids:/docker/${ID}\n0::/docker/${ID}\n`,
    [`/sys/fs/cgroup/memory/docker/${ID}/memory.usage_in_bytes`]: "5000\n",
    [`/sys/fs/cgroup/memory/docker/${ID}/memory.limit_in_bytes`]: "8000\n",
    [`/sys/fs/cgroup/memory/docker/${ID}/memory.stat`]: "total_inactive_file 1000\n",
    [`/sys/fs/cgroup/cpuacct/docker/${ID}/cpuacct.usage`]: "77\n",
    [`/sys/fs/cgroup/pids/docker/${ID}/pids.current`]: "2\n",
  });
  expect(cgroupUsage(7, ID, read)).toEqual({ cpuNanoseconds: 77, memory: 4_000, memoryLimit: 8_000, processes: 2 });
});

test.each([
  ["a process of another container", { "/proc/7/cgroup": "0::/system.slice/ssh.service\n" }],
  ["no such process", {}],
])("%s tells nothing", (_, map) => {
  expect(cgroupUsage(7, ID, files(map))).toBeUndefined();
});
