import { realpathSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import type { ProcessUser } from "./other-process.ts";

const WRITE = 0o2;
const SEARCH = 0o1;
/** What stands for every user and group that a user namespace does not show (user_namespaces(7)): never the same one. */
const UNMAPPED = 65_534;

/**
 * Whether the permissions of a socket and of the folders above it let a user connect (unix(7): that takes the right to
 * write). Access control lists are not seen. False for a socket that is not there.
 */
export function mayOpen(user: ProcessUser, socketPath: string): boolean {
  try {
    const path = realpathSync(socketPath);
    const socket = statSync(path);
    if (!socket.isSocket() || !permits(socket, user, WRITE)) return false;
    for (let folder = dirname(path); ; folder = dirname(folder)) {
      if (!permits(statSync(folder), user, SEARCH)) return false;
      if (folder === dirname(folder)) return true;
    }
  } catch {
    return false;
  }
}

/** As the kernel decides: who owns the file is judged as its owner alone, who shares its group as a member alone. */
function permits({ mode, uid, gid }: Stats, user: ProcessUser, wanted: number): boolean {
  if (user.uid === 0) return true;
  const isOwner = uid === user.uid && uid !== UNMAPPED;
  const isMember = user.groups.includes(gid) && gid !== UNMAPPED;
  const shift = isOwner ? 6 : isMember ? 3 : 0;
  return ((mode >> shift) & wanted) === wanted;
}
