import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";

/** A program that the environment needs, and the Debian package that has it. */
export interface Requirement {
  readonly name: string;
  /** The package that has it; of several the first that the release knows. */
  readonly debianPackages: readonly [string, ...string[]];
  /** A service that the package would have listen from the next boot on. */
  readonly service?: string;
  find(): string | undefined;
}

export const REGISTRY: Requirement = {
  name: "docker-registry",
  debianPackages: ["docker-registry"],
  service: "docker-registry",
  find: () => findProgram("docker-registry"),
};
export const BUSYBOX: Requirement = {
  name: "a static busybox",
  debianPackages: ["busybox-static"],
  find: () => programCandidates("busybox").find((path) => existsSync(path) && isStaticExecutable(readFileSync(path))),
};
export const DOCKERD: Requirement = {
  name: "dockerd",
  debianPackages: ["docker.io"],
  find: () => findProgram("dockerd"),
};
export const IP: Requirement = { name: "ip", debianPackages: ["iproute2"], find: () => findProgram("ip") };

export const DOCKER_CLI: Requirement = {
  name: "docker",
  // Newer releases have the command line in a package of its own.
  debianPackages: ["docker-cli", "docker.io"],
  find: () => findProgram("docker"),
};

/** Programs that tests run beside the worker: a test that lacks one fails, it is not skipped. */
export const TEST_REQUIREMENTS: readonly Requirement[] = [
  DOCKER_CLI,
  { name: "openssl", debianPackages: ["openssl"], find: () => findProgram("openssl") },
  {
    name: "stunnel",
    debianPackages: ["stunnel4"],
    service: "stunnel4",
    find: () => findProgram("stunnel4") ?? findProgram("stunnel"),
  },
  { name: "sshd", debianPackages: ["openssh-server"], service: "ssh", find: () => findProgram("sshd") },
  { name: "ssh", debianPackages: ["openssh-client"], find: () => findProgram("ssh") },
  { name: "systemd-analyze", debianPackages: ["systemd"], find: () => findProgram("systemd-analyze") },
  { name: "perl", debianPackages: ["perl-base"], find: () => findProgram("perl") },
  { name: "git", debianPackages: ["git"], find: () => findProgram("git") },
];

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
