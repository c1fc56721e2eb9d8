import type { DaemonFacts } from "../docker/open-examination.ts";
import { type Finding, ok, warn } from "./finding.ts";

const MEMORY_WORDS = "memory, which a task may then use up for all";

/** Judges whether what a task's shape asks for can be kept. */
export function judgeLimits(limits: DaemonFacts["limits"]): Finding {
  const missing = [
    ...(limits.memory ? [] : [MEMORY_WORDS]),
    ...(limits.swap ? [] : ["swap, which a task may use beyond its memory"]),
    ...(limits.cpu ? [] : ["CPU"]),
    ...(limits.pids ? [] : ["the number of processes"]),
  ];
  const kind = `cgroups v${limits.cgroups}`;
  if (missing.length === 0) return ok("limits", `memory, swap, CPU and processes can be limited (${kind})`);
  const mend =
    limits.cgroups === "1"
      ? "boot with cgroup_enable=memory swapaccount=1, or with cgroups v2"
      : "delegate the controllers cpu, memory and pids to the daemon (systemd: Delegate=yes; rootless Docker's page)";
  return warn("limits", `the daemon cannot limit ${missing.join("; nor ")} (${kind})`, mend);
}
