import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { escapeUnprintable, shorten } from "../../support/printable.ts";
import { type EndpointFiles, systemFiles } from "./endpoint-files.ts";
import type { EngineAddress, EngineAnswer } from "./engine-get.ts";

/** The group that owns a socket, where it can be seen, with its name where it has one. */
export type GroupOf = (path: string) => { readonly gid: number; readonly name?: string } | undefined;

const systemGroupOf: GroupOf = (path) => {
  try {
    const { gid } = statSync(path);
    const name = groupName(gid);
    return name === undefined ? { gid } : { gid, name };
  } catch {
    return undefined;
  }
};

function groupName(gid: number): string | undefined {
  return nameIn("/etc/group", gid);
}

/** The runtime's own `userInfo` asks the environment, which may say nothing, or something else. */
function userName(): string {
  return nameIn("/etc/passwd", process.getuid?.() ?? -1) ?? "<the worker's user>";
}

/** The name with that number, by group(5) or passwd(5); an image may have no such file. */
function nameIn(path: string, id: number): string | undefined {
  try {
    return new RegExp(`^([^:\\n]+):[^:\\n]*:${id}:`, "m").exec(readFileSync(path, "utf8"))?.[1];
  } catch {
    return undefined;
  }
}

/** Why a daemon gave no good answer and what to do, as `WHY; WHAT TO DO`. */
export function explainFailure(
  answer: EngineAnswer,
  address: EngineAddress,
  limitMs: number,
  files: EndpointFiles = systemFiles,
  groupOf: GroupOf = systemGroupOf,
): string {
  switch (answer.kind) {
    case "timeout":
      return `no answer within ${limitMs / 1000} s; see whether the daemon hangs or a firewall drops the connection`;
    case "answer":
      return explainStatus(answer.status, answer.body);
    case "failed":
      return address.kind === "unix"
        ? explainSocket(answer.code, answer.message, address.socketPath, files, groupOf)
        : explainNetwork(answer.code, answer.message, address.tls?.folder);
  }
}

function explainStatus(status: number, body: string): string {
  if (/HTTP request to an HTTPS server/i.test(body)) {
    return "the daemon wants TLS; set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the folder of ca.pem, cert.pem and key.pem";
  }
  if (status === 401 || status === 403) {
    return `it refuses the request (HTTP ${status}); see what guards it, a proxy or an authorization plugin`;
  }
  if (status >= 500) {
    return `it answers with HTTP ${status}${saying(body)}; see the daemon's own log`;
  }
  return `it answers with HTTP ${status}, not as a Docker daemon does; check the address`;
}

function saying(body: string): string {
  const line = oneLine(body.trim().split("\n", 1)[0] ?? "");
  return line === "" ? "" : ` (${line})`;
}

function explainSocket(code: string, message: string, path: string, files: EndpointFiles, groupOf: GroupOf): string {
  const state = files.socketAt(path);
  if (code === "ENOENT" || state.kind === "missing") {
    const relative = path.startsWith("/") ? "" : " (the path is relative: unix:// takes a third slash)";
    return `there is no such socket${relative}; start Docker, or mount its socket when the worker runs in a container`;
  }
  if (code === "EACCES" || code === "EPERM") {
    const { gid, name } = groupOf(path) ?? {};
    const group = gid === undefined ? "its group" : `its group (gid ${gid})`;
    const option = gid ?? "<gid of the socket>";
    const command = `usermod -aG ${name ?? "<name of that group>"} ${userName()}`;
    return (
      "no permission for this socket; " +
      `add the worker's user to ${group} with \`${command}\` and log in again, or in a container \`--group-add ${option}\``
    );
  }
  if (state.kind === "other") {
    return `${path} ${state.reason}; check the path, and that Docker ran before it was mounted`;
  }
  if (code === "ECONNREFUSED") {
    return "nothing listens on this socket; start Docker";
  }
  return explainOther(code, message);
}

const UNTRUSTED = new Set([
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "INVALID_CA",
]);

function explainNetwork(code: string, message: string, folder: string | undefined): string {
  const ca = folder === undefined ? "ca.pem" : join(folder, "ca.pem");
  if (UNTRUSTED.has(code)) {
    return `the daemon's certificate is not signed by the CA of ${ca}; put the CA that signed it there`;
  }
  if (folder !== undefined && /ALERT_(CERTIFICATE_REQUIRED|NO_CERTIFICATE)/.test(code)) {
    return `the daemon wants a client certificate; put cert.pem and key.pem into ${folder}`;
  }
  if (folder !== undefined && /ALERT/.test(code)) {
    const cert = join(folder, "cert.pem");
    return `the daemon refuses the client certificate ${cert} (${alertOf(code)}); use one that its CA signed`;
  }
  switch (code) {
    case "ECONNREFUSED":
      return "connection refused; start the daemon there, and check host and port";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "the host name cannot be resolved; check it and the DNS";
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return "the host cannot be reached; check the address and the network";
    case "CERT_HAS_EXPIRED":
      return "the daemon's certificate has expired; renew it on the daemon's side";
    case "CERT_NOT_YET_VALID":
      return "the daemon's certificate is not valid yet; check the clocks of both machines";
    case "ERR_TLS_CERT_ALTNAME_INVALID":
    case "HOSTNAME_MISMATCH":
    case "IP_ADDRESS_MISMATCH":
      return "the daemon's certificate is for another host; use a host name that it holds";
    case "ERR_SSL_WRONG_VERSION_NUMBER":
    case "ERR_SSL_PACKET_LENGTH_TOO_LONG":
    case "ERR_SSL_HTTP_REQUEST":
      return "the daemon does not speak TLS on this port; unset DOCKER_TLS_VERIFY and DOCKER_TLS, or check the port";
    case "ECONNRESET":
      return folder === undefined
        ? "the connection was closed without an answer; if the daemon wants TLS, set DOCKER_TLS_VERIFY=1"
        : "the connection was closed without an answer; check that the daemon speaks TLS on this port";
    default:
      return explainOther(code, message);
  }
}

function alertOf(code: string): string {
  return code
    .replace(/^.*ALERT_/, "")
    .toLowerCase()
    .replaceAll("_", " ");
}

function explainOther(code: string, message: string): string {
  const words = message.includes(code) ? message : `${code} ${message}`;
  return `${oneLine(words)}; check that a Docker daemon listens at this address`;
}

function oneLine(text: string): string {
  return escapeUnprintable(shorten(text.trim(), 200));
}
