import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { freePort, untilListening } from "./local-server.ts";
import { processes } from "./processes.ts";
import { ScratchFolder } from "./scratch-folder.ts";

/** An sshd of the test's own; `Host box` of its client configuration leads there. Ends with `await using`. */
export interface SshServer extends AsyncDisposable {
  readonly port: number;
  /** A PATH on which `ssh` uses the test's configuration, keys and known hosts. */
  readonly path: string;
  /** A PATH as `path`, but `ssh` knows no host. */
  readonly pathOfStranger: string;
  /** Ends sshd and every session of it. */
  stop(): Promise<void>;
  /** Listens again, on the same port. */
  start(): Promise<void>;
}

export async function startSshServer(): Promise<SshServer> {
  const sshd = Bun.which("sshd", { PATH: `${process.env.PATH}:/usr/sbin` });
  if (sshd === null) throw new Error("sshd is missing: run scripts/test, or install openssh-server");
  // sshd refuses to start without its folder for privilege separation.
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true });
  const folder = new ScratchFolder();
  const port = await freePort();
  for (const key of ["host", "user"]) {
    folder.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]);
  }
  const at = (name: string) => join(folder.path, name);
  const hostKey = (await Bun.file(at("host.pub")).text()).split(" ").slice(0, 2).join(" ");
  folder.write("known_hosts", `[127.0.0.1]:${port} ${hostKey}\n`);
  folder.write("authorized", await Bun.file(at("user.pub")).text(), 0o600);
  const config = folder.write(
    "sshd_config",
    [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${at("host")}`,
      `AuthorizedKeysFile ${at("authorized")}`,
      "StrictModes no",
      "UsePAM no",
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "PidFile none",
      "",
    ].join("\n"),
  );
  const pathWith = (name: string, knownHosts: string) => {
    const client = folder.write(
      `${name}/config`,
      [
        "Host box",
        "  HostName 127.0.0.1",
        `  Port ${port}`,
        "Host *",
        `  IdentityFile ${at("user")}`,
        "  IdentitiesOnly yes",
        `  UserKnownHostsFile ${knownHosts}`,
        "  GlobalKnownHostsFile /dev/null",
        "  LogLevel QUIET",
        "",
      ].join("\n"),
    );
    folder.write(`${name}/ssh`, `#!/bin/sh\nexec ${Bun.which("ssh") ?? "/usr/bin/ssh"} -F ${client} "$@"\n`, 0o755);
    return `${at(name)}:${process.env.PATH}`;
  };
  let child: Bun.Subprocess | undefined;
  const start = async () => {
    child = Bun.spawn([sshd, "-D", "-e", "-f", config], {
      stdout: "ignore",
      stderr: "ignore",
      stdin: "ignore",
    });
    await untilListening(port, "sshd");
  };
  const stop = async () => {
    // Sessions are processes of their own: they are found by their parents before those are gone.
    if (child !== undefined) killTree(child.pid);
    await child?.exited;
    child = undefined;
  };
  const end = async () => {
    await stop();
    folder[Symbol.dispose]();
  };
  try {
    const server = {
      port,
      path: pathWith("bin", at("known_hosts")),
      pathOfStranger: pathWith("stranger", "/dev/null"),
      stop,
      start,
      [Symbol.asyncDispose]: end,
    };
    await start();
    return server;
  } catch (error) {
    await end();
    throw error;
  }
}

/** Kills a process with all its descendants. */
function killTree(pid: number): void {
  for (const child of childrenOf(pid)) killTree(child);
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** The processes that have this one as their parent. */
export function childrenOf(pid: number): readonly number[] {
  return processes().flatMap((one) => (one.parent === pid ? [one.pid] : []));
}
