import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { currentOwner, decodeOwner, encodeOwner, type Owner, ownerState } from "../../host/owner.ts";
import type { Environment } from "./find-endpoint.ts";

/** A folder that only this user can enter, for the local end of a tunnel. */
export interface TunnelFolder {
  readonly socketPath: string;
  remove(): void;
}

const PREFIX = "oz-agent-worker-ssh-";
const OWNER_FILE = "owner.json";
// A socket's path may have 107 bytes (103 on macOS), and this much is added to the base.
const MAX_BASE = 103 - `/${PREFIX}XXXXXX/docker.sock`.length;

/** Makes the folder and removes those of workers that have ended. `undefined` where no place can be written to. */
export async function makeTunnelFolder(
  env: Environment,
  self: Owner = currentOwner(),
): Promise<TunnelFolder | undefined> {
  const bases = basesOf(env);
  for (const base of bases) {
    await sweep(base, self);
  }
  for (const base of bases) {
    const folder = tryMake(base, self);
    if (folder !== undefined) {
      return {
        socketPath: join(folder, "docker.sock"),
        remove: () => removeFolder(folder),
      };
    }
  }
  return undefined;
}

// ssh cuts its -L argument at colons and expands the other characters.
function basesOf(env: Environment): readonly string[] {
  const candidates = [env.XDG_RUNTIME_DIR, env.TMPDIR, "/tmp"];
  const usable = candidates.filter(
    (base) => base !== undefined && isAbsolute(base) && base.length <= MAX_BASE && !/[:%$[\]\\\s]/.test(base),
  );
  return [...new Set(usable.flatMap((base) => (base === undefined ? [] : [base])))];
}

function tryMake(base: string, self: Owner): string | undefined {
  try {
    const folder = mkdtempSync(join(base, PREFIX));
    chmodSync(folder, 0o700);
    writeFileSync(join(folder, OWNER_FILE), encodeOwner(self), { mode: 0o600 });
    return folder;
  } catch {
    return undefined;
  }
}

async function sweep(base: string, self: Owner): Promise<void> {
  for (const name of namesIn(base)) {
    const folder = join(base, name);
    const owner = ownerOf(folder);
    if (owner !== undefined && (await ownerState(owner, self, () => Promise.resolve(undefined))) === "gone") {
      removeFolder(folder);
    }
  }
}

function namesIn(base: string): readonly string[] {
  try {
    return readdirSync(base).filter((name) => name.startsWith(PREFIX));
  } catch {
    return [];
  }
}

/** The owner of a folder of this user; a folder without a record belongs to nobody known and stays. */
function ownerOf(folder: string): Owner | undefined {
  try {
    const mine = process.getuid === undefined || statSync(folder).uid === process.getuid();
    return mine ? decodeOwner(readFileSync(join(folder, OWNER_FILE), "utf8")) : undefined;
  } catch {
    return undefined;
  }
}

function removeFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // The next start tries again.
  }
}
