import { existsSync, readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { isProblem, messageOf, type Problem } from "./problem.ts";

/** A program that the environment needs, and the Debian package that has it. */
interface Requirement {
  readonly name: string;
  readonly debianPackage: string;
  find(): string | undefined;
}

const REGISTRY: Requirement = {
  name: "docker-registry",
  debianPackage: "docker-registry",
  find: () => findProgram("docker-registry"),
};
const BUSYBOX: Requirement = {
  name: "a static busybox",
  debianPackage: "busybox-static",
  find: () => programCandidates("busybox").find((path) => existsSync(path) && isStaticExecutable(readFileSync(path))),
};
const DOCKERD: Requirement = { name: "dockerd", debianPackage: "docker.io", find: () => findProgram("dockerd") };
const IP: Requirement = { name: "ip", debianPackage: "iproute2", find: () => findProgram("ip") };

/** The path of a program: in PATH, or where Debian keeps the administrator's ones. */
export function findProgram(name: string): string | undefined {
  return programCandidates(name).find((path) => existsSync(path));
}

function programCandidates(name: string, path: string = process.env.PATH ?? ""): readonly string[] {
  const folders = [...path.split(delimiter), "/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"];
  return folders.filter((folder) => folder !== "").map((folder) => join(folder, name));
}

/** True for a 64-bit little-endian ELF file without an interpreter (elf(5)): it runs in an image that has nothing else. */
export function isStaticExecutable(file: Uint8Array): boolean {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const is64BitLittleEndianElf =
    file.byteLength >= 64 && view.getUint32(0) === 0x7f454c46 && view.getUint8(4) === 2 && view.getUint8(5) === 1;
  if (!is64BitLittleEndianElf) return false;
  const tableOffset = Number(view.getBigUint64(32, true));
  const entrySize = view.getUint16(54, true);
  const count = view.getUint16(56, true);
  const PT_INTERP = 3;
  for (let i = 0; i < count; i++) {
    const offset = tableOffset + i * entrySize;
    if (offset + 4 > file.byteLength || view.getUint32(offset, true) === PT_INTERP) return false;
  }
  return true;
}

/** The paths of the programs that every run needs. */
export interface Programs {
  readonly registry: string;
  readonly busybox: string;
}

/** Finds docker-registry and a static busybox; installs what is missing, where that can be done. */
export async function ensurePrograms(say: (line: string) => void): Promise<Programs | Problem> {
  const found = await ensure([REGISTRY, BUSYBOX], say);
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
  const packages = missing.map(({ debianPackage }) => debianPackage);
  const byHand = `install it (Debian: apt-get install ${packages.join(" ")}) and run this again`;
  const apt = findProgram("apt-get");
  if (apt === undefined) return { problem: `${names} is missing and there is no apt-get here: ${byHand}` };
  if (process.getuid?.() !== 0) return { problem: `${names} is missing and only root can install it: ${byHand}` };
  say(`Installing ${packages.join(" ")} (apt-get)`);
  const guard = await keepServicesDown();
  try {
    const script = `"$0" update -q && exec "$0" install -y -q --no-install-recommends --no-remove "$@"`;
    const child = Bun.spawn(["sh", "-c", script, apt, ...packages], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
    const [, stderr, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    if (code === 0) return undefined;
    const lastError =
      stderr
        .trim()
        .split("\n")
        .findLast((line) => line.startsWith("E:")) ?? `exit code ${code}`;
    return { problem: `apt-get could not install ${packages.join(" ")}: ${lastError}` };
  } catch (thrown) {
    return { problem: `apt-get could not install ${packages.join(" ")}: ${messageOf(thrown)}` };
  } finally {
    await guard();
  }
}

/**
 * Keeps freshly installed packages from starting their services, which would listen on ports and outlive the run.
 * Returns what takes the guard away again. See invoke-rc.d(8).
 */
async function keepServicesDown(policy = "/usr/sbin/policy-rc.d"): Promise<() => Promise<void>> {
  if (existsSync(policy)) return async () => {};
  await writeFile(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  return async () => {
    await rm(policy, { force: true });
    // The package would have an open registry listen from the next boot on; nobody asked for that.
    if (existsSync("/run/systemd/system")) {
      await Bun.spawn(["systemctl", "disable", "--quiet", "docker-registry"], { stdio: ["ignore", "ignore", "ignore"] })
        .exited;
    }
  };
}
