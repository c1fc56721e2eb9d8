/** Sends state to the service manager, one datagram a call; `false` where it could not be sent. Never blocks. */
export type Notify = (text: string) => boolean;

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
/** sizeof(sun_path), unix(7). */
const MAX_PATH_BYTES = 108;

/**
 * Opens the way to the service manager at a path, or at an abstract address that starts with `@`: the protocol of
 * sd_notify(3). The runtime has no datagram sockets of this family, and a child that sent in our place would not be
 * believed by `NotifyAccess=main`: so the C library is called. Rejects with a plain reason where that cannot be.
 */
export async function openNotifySocket(address: string): Promise<Notify> {
  const target = socketAddress(address);
  const { dlopen, ptr } = await import("bun:ffi");
  const libc = dlopen("libc.so.6", {
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i64" },
  }).symbols;
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new Error("no socket can be opened");
  return (text) => {
    const bytes = new TextEncoder().encode(text);
    const sent = libc.sendto(
      fd,
      ptr(bytes),
      bytes.byteLength,
      MSG_DONTWAIT | MSG_NOSIGNAL,
      ptr(target),
      target.byteLength,
    );
    return Number(sent) === bytes.byteLength;
  };
}

/** struct sockaddr_un: the family in the machine's byte order, then the path; a NUL in place of the `@`. */
export function socketAddress(address: string): Uint8Array {
  if (!/^[/@]./.test(address)) throw new Error("only paths and abstract addresses are supported");
  const isAbstract = address.startsWith("@");
  const path = new TextEncoder().encode(isAbstract ? `\0${address.slice(1)}` : `${address}\0`);
  if (path.byteLength > MAX_PATH_BYTES) throw new Error("the address is too long");
  const bytes = new Uint8Array(2 + path.byteLength);
  new Uint16Array(bytes.buffer, 0, 1)[0] = AF_UNIX;
  bytes.set(path, 2);
  return bytes;
}
