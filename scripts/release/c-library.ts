import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Problem } from "../environment/problem.ts";
import { runCommand } from "./run-command.ts";
import type { Target } from "./targets.ts";

/** A file of the C library, with the path at which programs look for it. */
export interface LibraryFile {
  /** In an image, without a leading slash. */
  readonly path: string;
  readonly content: Uint8Array;
}

/** What the runtime is linked to (its ELF entries NEEDED): the loader and four parts of glibc. */
const PARTS = ["libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2"] as const;

/** Where each platform has its loader (the ABI's fixed path), and where distributions and Debian's packages keep files. */
const LAYOUTS = {
  amd64: {
    loader: "lib64/ld-linux-x86-64.so.2",
    library: "lib/x86_64-linux-gnu",
    folders: ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64"],
    debianPackage: "libc6-amd64-cross",
    debianFolder: "usr/x86_64-linux-gnu/lib",
  },
  arm64: {
    loader: "lib/ld-linux-aarch64.so.1",
    library: "lib/aarch64-linux-gnu",
    folders: ["/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/lib64", "/usr/lib64"],
    debianPackage: "libc6-arm64-cross",
    debianFolder: "usr/aarch64-linux-gnu/lib",
  },
} as const;

/**
 * The C library for a target: this machine's own where the platform is the same, else the one of Debian's package for
 * cross-compilers, which is fetched and unpacked without being installed.
 */
export async function cLibrary(target: Target, say: (line: string) => void): Promise<readonly LibraryFile[] | Problem> {
  const layout = LAYOUTS[target.architecture];
  if (target.isNative) {
    const folder = layout.folders.find((one) => existsSync(join(one, PARTS[0])));
    if (folder === undefined)
      return { problem: "this machine has no glibc, which the image needs: use Debian, Ubuntu or Fedora" };
    return collect(target, folder);
  }
  const work = await mkdtemp(join(tmpdir(), "oz-agent-worker-libc-"));
  try {
    say(`Fetching ${layout.debianPackage} (apt-get download)`);
    const fetched = await fetchPackage(layout.debianPackage, work);
    if (fetched !== undefined) return fetched;
    return await collect(target, join(work, layout.debianFolder));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function fetchPackage(name: string, folder: string): Promise<Problem | undefined> {
  const wayOut = "build it on Debian or Ubuntu with network, or on a machine of that platform";
  const got = await runCommand(["apt-get", "download", "-q", name], { cwd: folder });
  const file = (await readdir(folder)).find((one) => one.endsWith(".deb"));
  if (!got.ok || file === undefined) {
    return {
      problem: `the C library of the other platform (${name}) cannot be fetched${got.ok ? "" : `: ${got.reason}`}; ${wayOut}`,
    };
  }
  const unpacked = await runCommand(["dpkg-deb", "-x", file, "."], { cwd: folder });
  return unpacked.ok ? undefined : { problem: `${name} cannot be unpacked: ${unpacked.reason}` };
}

async function collect(target: Target, folder: string): Promise<readonly LibraryFile[] | Problem> {
  const { loader, library } = LAYOUTS[target.architecture];
  const loaderName = loader.slice(loader.lastIndexOf("/") + 1);
  try {
    const parts = await Promise.all(
      PARTS.map(async (name) => ({ path: `${library}/${name}`, content: await readFile(join(folder, name)) })),
    );
    const main = parts[0];
    // Before glibc 2.34 names are resolved by files of their own, which would be missing in the image.
    if (main === undefined || !main.content.includes("_nss_dns_gethostbyname")) {
      return {
        problem: `the C library in ${folder} is older than glibc 2.34: build the image on Debian 12, Ubuntu 22.04 or newer`,
      };
    }
    return [{ path: loader, content: await readFile(await loaderFile(folder, loader, loaderName)) }, ...parts];
  } catch (thrown) {
    return {
      problem: `the C library in ${folder} cannot be read: ${thrown instanceof Error ? thrown.message : thrown}`,
    };
  }
}

async function loaderFile(folder: string, loader: string, name: string): Promise<string> {
  return existsSync(join(folder, name)) ? join(folder, name) : `/${loader}`;
}
