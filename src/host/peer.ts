/** The process at the other end of a unix socket, as the kernel vouches for it. */
export interface Peer {
  /** As seen from here; 0 for a process that this pid namespace does not show. */
  readonly pid: number;
  readonly uid: number;
}

/** Tells who is at the other end of a socket; `undefined` where the kernel does not say. */
export type PeerOf = (socket: object) => Peer | undefined;

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
/** struct ucred: pid, uid and gid, four bytes each. */
const UCRED_BYTES = 12;

/**
 * Loads what asks the kernel (SO_PEERCRED, unix(7)); for a listener that was dialled, the answer is about the process
 * that listens, even if it never accepts. Where the C library cannot be called, nobody is known. Costs 2 ms and 2 MB:
 * only who asks or is asked should pay for it. At once and not as a promise, so that a link can be judged in the very
 * moment it is accepted.
 */
export function loadPeerOf(): PeerOf {
  try {
    const { dlopen, ptr }: typeof import("bun:ffi") = require("bun:ffi");
    const libc = dlopen("libc.so.6", {
      getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
    });
    return (socket) => {
      const fd: unknown = Reflect.get(socket, "fd");
      if (typeof fd !== "number" || fd < 0) return undefined;
      const credentials = new Uint32Array(UCRED_BYTES / 4);
      const length = new Uint32Array([UCRED_BYTES]);
      const result = libc.symbols.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ptr(credentials), ptr(length));
      const [pid, uid] = credentials;
      return result === 0 && pid !== undefined && uid !== undefined ? { pid, uid } : undefined;
    };
  } catch {
    return () => undefined;
  }
}
