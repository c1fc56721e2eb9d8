import { DEFAULT_SOCKET, type SshEndpoint } from "./docker-endpoint.ts";

/** Seconds that ssh may take to connect, and after which a silent server counts as gone (three times asked). */
const CONNECT_TIMEOUT_S = 10;
const ALIVE_INTERVAL_S = 10;

/** Arguments with which `ssh` forwards `localSocket` to the daemon's socket and does nothing else. */
export function sshArguments(endpoint: SshEndpoint, localSocket: string): readonly string[] {
  const options = [
    // Nobody is there to answer a question.
    "BatchMode=yes",
    "ExitOnForwardFailure=yes",
    `ConnectTimeout=${CONNECT_TIMEOUT_S}`,
    `ServerAliveInterval=${ALIVE_INTERVAL_S}`,
    "ServerAliveCountMax=3",
    "StreamLocalBindUnlink=yes",
    "StreamLocalBindMask=0177",
    // A shared connection would keep the forward open after this ssh has ended.
    "ControlMaster=no",
    "ControlPath=none",
    "ForwardAgent=no",
    "ForwardX11=no",
    // The user's configuration may have silenced the line that says what went wrong.
    "LogLevel=INFO",
  ];
  return [
    "-N",
    "-T",
    ...options.flatMap((option) => ["-o", option]),
    ...(endpoint.user === undefined ? [] : ["-l", endpoint.user]),
    ...(endpoint.port === undefined ? [] : ["-p", String(endpoint.port)]),
    "-L",
    `${localSocket}:${endpoint.remoteSocket}`,
    "--",
    endpoint.host,
  ];
}

/** The command by which an operator tries the same connection. */
export function sshByHand(endpoint: SshEndpoint): string {
  const port = endpoint.port === undefined ? "" : `-p ${endpoint.port} `;
  const user = endpoint.user === undefined ? "" : `${endpoint.user}@`;
  return `ssh ${port}${user}${endpoint.host}`;
}

/** What an operator can do about an ssh that ended with `lastLine`. */
export function sshRemedy(endpoint: SshEndpoint, lastLine: string): string {
  const command = `\`${sshByHand(endpoint)}\``;
  if (/host key verification failed/i.test(lastLine)) {
    return `run ${command} once as the worker's user and accept the host key, or put it into known_hosts`;
  }
  if (/open failed/i.test(lastLine)) {
    const hint = endpoint.remoteSocket === DEFAULT_SOCKET ? "; name another socket as ssh://HOST/PATH/docker.sock" : "";
    return `see that ${endpoint.remoteSocket} exists there and that the user may use it${hint}`;
  }
  return `make ${command} work for the worker's user without a question`;
}
