import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { isProblem, messageOf, type Problem } from "./problem.ts";
import { BUSYBOX, DOCKERD, findProgram, IP, REGISTRY, type Requirement } from "./requirements.ts";

/** The paths of the programs that every run needs. */
export interface Programs {
  readonly registry: string;
  readonly busybox: string;
}

/** Finds docker-registry, a static busybox and `more`; installs what is missing, where that can be done. */
export async function ensurePrograms(
  more: readonly Requirement[],
  say: (line: string) => void,
): Promise<Programs | Problem> {
  const found = await ensure([REGISTRY, BUSYBOX, ...more], say);
  if (isProblem(found)) return found;
  return { registry: found[0] ?? "", busybox: found[1] ?? "" };
}

/** Finds what a private Docker daemon needs; `ip` only for a bridge of its own. */
export async function ensureDockerd(
  needsBridge: boolean,
  say: (line: string) => void,
): Promise<{ readonly dockerd: string } | Problem> {
  const found = await ensure(needsBridge ? [DOCKERD, IP] : [DOCKERD], say);
  if (isProblem(found)) return found;
  return { dockerd: found[0] ?? "" };
}

async function ensure(
  requirements: readonly Requirement[],
  say: (line: string) => void,
): Promise<readonly string[] | Problem> {
  const missing = requirements.filter((requirement) => requirement.find() === undefined);
  if (missing.length > 0) {
    const problem = await install(missing, say);
    if (problem !== undefined) return problem;
  }
  const still = requirements.filter((requirement) => requirement.find() === undefined);
  if (still.length > 0) {
    return { problem: `${still.map(({ name }) => name).join(", ")}: still missing after installing the package` };
  }
  return requirements.map((requirement) => requirement.find() ?? "");
}

async function install(missing: readonly Requirement[], say: (line: string) => void): Promise<Problem | undefined> {
  const names = missing.map(({ name }) => name).join(", ");
  const usual = missing.map(({ debianPackages }) => debianPackages.at(-1)).join(" ");
  const byHand = `install it (Debian: apt-get install ${usual}) and run this again`;
  if (findProgram("apt-get") === undefined) {
    return { problem: `${names} is missing and there is no apt-get here: ${byHand}` };
  }
  if (process.getuid?.() !== 0) return { problem: `${names} is missing and only root can install it: ${byHand}` };
  say(`Installing what is missing, by apt-get: ${names}`);
  const update = await apt(["apt-get", "update", "-q"]);
  const packages: string[] = [];
  for (const { debianPackages } of missing) packages.push(await knownPackage(debianPackages));
  const restoreServices = await keepServicesDown(
    missing.flatMap(({ service }) => (service === undefined ? [] : [service])),
  );
  try {
    const failure = await apt([
      ...["apt-get", "install", "-y", "-q", "--no-install-recommends", "--no-remove"],
      ...packages,
    ]);
    if (failure === undefined) return undefined;
    return { problem: `apt-get could not install ${packages.join(" ")}: ${update ?? failure}` };
  } finally {
    await restoreServices();
  }
}

async function knownPackage(candidates: readonly [string, ...string[]]): Promise<string> {
  for (const candidate of candidates) {
    if ((await apt(["apt-cache", "show", candidate])) === undefined) return candidate;
  }
  return candidates[0];
}

/** Runs a program of apt; answers its first error where it fails. */
async function apt(command: readonly string[]): Promise<string | undefined> {
  try {
    const child = Bun.spawn([...command], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
    const [stderr, code] = await Promise.all([new Response(child.stderr).text(), child.exited]);
    if (code === 0) return undefined;
    const errors = stderr.split("\n").filter((line) => line.startsWith("E:"));
    return errors[0] ?? `${command[0]} ended with exit code ${code}`;
  } catch (thrown) {
    return messageOf(thrown);
  }
}

/**
 * Keeps freshly installed packages from starting their services, which would listen on ports and outlive the run.
 * Returns what takes the guard away again. See invoke-rc.d(8).
 */
async function keepServicesDown(
  services: readonly string[],
  policy = "/usr/sbin/policy-rc.d",
): Promise<() => Promise<void>> {
  const isOurs = !existsSync(policy);
  if (isOurs) await writeFile(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  return async () => {
    if (isOurs) await rm(policy, { force: true });
    // An open registry, or an sshd, from the next boot on: nobody asked for that.
    if (services.length > 0 && existsSync("/run/systemd/system")) {
      await Bun.spawn(["systemctl", "disable", "--quiet", ...services], { stdio: ["ignore", "ignore", "ignore"] })
        .exited;
    }
  };
}
