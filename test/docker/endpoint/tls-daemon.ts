import type { ServerCertificate, TestAuthority } from "../../support/certificates.ts";
import { daemonSocket } from "./daemon-socket.ts";
import { freePort, untilListening } from "./local-server.ts";
import { ScratchFolder } from "./scratch-folder.ts";

/** The daemon behind mutual TLS, by stunnel; ends with `await using`. */
export interface TlsDaemon extends AsyncDisposable {
  readonly port: number;
}

/** Puts stunnel in front of a daemon's socket: it shows `server` and takes only clients that `authority` signed. Port 0: any. */
export async function startTlsDaemon(
  server: ServerCertificate,
  authority: TestAuthority,
  socket = daemonSocket(),
  port = 0,
): Promise<TlsDaemon> {
  const program = Bun.which("stunnel4") ?? Bun.which("stunnel");
  if (program === null) throw new Error("stunnel is missing: run scripts/test, or install stunnel4");
  const folder = new ScratchFolder();
  const own = port === 0 ? await freePort() : port;
  const config = folder.write(
    "stunnel.conf",
    [
      "foreground = yes",
      "pid =",
      "[docker]",
      `accept = 127.0.0.1:${own}`,
      `connect = ${socket}`,
      `cert = ${folder.write("cert.pem", server.cert)}`,
      `key = ${folder.write("key.pem", server.key, 0o600)}`,
      `CAfile = ${authority.file}`,
      "verifyChain = yes",
      "requireCert = yes",
      "",
    ].join("\n"),
  );
  const child = Bun.spawn([program, config], { stdout: "ignore", stderr: "ignore", stdin: "ignore" });
  const stop = async () => {
    child.kill();
    await child.exited;
    folder[Symbol.dispose]();
  };
  try {
    await untilListening(own, "stunnel");
  } catch (error) {
    await stop();
    throw error;
  }
  return { port: own, [Symbol.asyncDispose]: stop };
}
