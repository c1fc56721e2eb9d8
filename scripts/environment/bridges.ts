import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const INTERFACES = "/sys/class/net";

/** The name of a bridge for whoever has that name; an interface's has at most 15 characters. */
export function bridgeName(owner: string): string {
  return `oz-${new Bun.CryptoHasher("sha256").update(owner).digest("hex").slice(0, 10)}`;
}

/** Makes a bridge. The kernel keeps `mark` with it, so that what a killed run has left is found by the run's name. */
export async function addBridge(name: string, mark: string): Promise<void> {
  await ip("link", "add", name, "type", "bridge");
  await ip("link", "set", "dev", name, "alias", mark);
}

/** The bridges whose mark names `mark`. */
export function bridgesOf(mark: string): readonly string[] {
  return readdirSync(INTERFACES).filter((name) => {
    try {
      return readFileSync(join(INTERFACES, name, "ifalias"), "utf8").includes(mark);
    } catch {
      // It has just gone, or is no interface.
      return false;
    }
  });
}

/** Rejects with the words of `ip` where it fails. */
export async function removeBridge(name: string): Promise<void> {
  await ip("link", "delete", name);
}

async function ip(...args: readonly string[]): Promise<void> {
  const child = Bun.spawn(["ip", ...args], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    env: { ...process.env, PATH: `${process.env.PATH ?? ""}:/usr/sbin:/sbin` },
  });
  const [stderr, code] = await Promise.all([new Response(child.stderr).text(), child.exited]);
  if (code !== 0) throw new Error(`ip ${args.join(" ")}: ${stderr.trim()}`);
}
