import type { DialFailure } from "./wire.ts";

/** Whom a failed dial was about. */
export interface DialTarget {
  /** Host, with a port where it is not the scheme's own. */
  readonly host: string;
  /** Host and port of the proxy that was asked to connect. */
  readonly proxyHost?: string;
  /** Whether the way to the proxy is TLS too. */
  readonly proxyIsSecure?: boolean;
}

/** Says why a dial failed and what to do, in one plain line without secrets and without the URL's query. */
export function diagnose(failure: DialFailure, target: DialTarget): string {
  switch (failure.kind) {
    case "status":
      return `${failure.status}: ${statusWords(failure.status)}`;
    case "proxy-status":
      return proxyWords(failure.status, target.proxyHost ?? "");
    case "code":
      return codeWords(failure.code, failure.detail, target);
    case "timeout": {
      const via = target.proxyHost === undefined ? "" : ` through the proxy ${target.proxyHost}`;
      return `no answer from ${target.host}${via} within ${failure.afterMs / 1_000} s; check firewalls and the network`;
    }
    case "unsendable":
      return "the API key or the address holds characters that cannot be sent; check WARP_API_KEY or --api-key, and the address of Oz";
    case "unclear":
      return `${target.host} ended the connection before it was a WebSocket; check the address of Oz and what is in between`;
  }
}

function statusWords(status: number): string {
  if (status === 401) return "Oz does not accept the API key; check --api-key or WARP_API_KEY";
  if (status === 403) {
    return "the API key may not be used for this worker; check --api-key or WARP_API_KEY (a team API key is needed) and --worker-id";
  }
  if (status === 404) return "there is no Oz endpoint at this address; check the address of Oz";
  if (status === 407)
    return "a proxy asks for a user and a password; put them into the URL of HTTPS_PROXY or HTTP_PROXY";
  if (status === 426) {
    return "the server did not see, or does not take, this WebSocket upgrade; update the worker, and check that no proxy in between removes the upgrade";
  }
  if (status === 429) return "too many connection attempts; the worker slows down";
  if (status >= 500) return "Oz, or a proxy before it, is not available at the moment; the worker keeps trying";
  if (status >= 400) return "Oz refused the connection; check the address of Oz and --worker-id";
  if (status >= 300) return "the address redirects elsewhere; Oz does not do that: something in between answers";
  return "this is not a WebSocket endpoint; check the address of Oz, and what answers in its place";
}

function proxyWords(status: number, proxyHost: string): string {
  const proxy = `the proxy ${proxyHost}`.trim();
  if (status === 407) {
    return `${proxy} asks for a user and a password, or does not accept them (407); check the URL of HTTPS_PROXY or HTTP_PROXY`;
  }
  return `${proxy} answered ${status} instead of connecting; check HTTPS_PROXY, HTTP_PROXY and NO_PROXY, or ask who runs it`;
}

const OWN_CA = "add your company's CA file with SSL_CERT_FILE or NODE_EXTRA_CA_CERTS";

/** Codes of certificate verification, as OpenSSL and Node name them. */
const CERTIFICATE_WORDS: ReadonlyMap<string, string> = new Map([
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", `its certificate is signed by an unknown authority; ${OWN_CA}`],
  ["UNABLE_TO_GET_ISSUER_CERT", `its certificate is signed by an unknown authority; ${OWN_CA}`],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", `its certificate is signed by an unknown authority; ${OWN_CA}`],
  ["SELF_SIGNED_CERT_IN_CHAIN", `its certificate is signed by an unknown authority; ${OWN_CA}`],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", `its certificate is self-signed; ${OWN_CA}`],
  [
    "CERT_HAS_EXPIRED",
    "its certificate, or one that signed it, has expired; check the server and this machine's clock",
  ],
  ["CERT_NOT_YET_VALID", "its certificate is not valid yet; check this machine's clock"],
  ["CERT_REVOKED", "its certificate is revoked"],
  ["CERT_UNTRUSTED", `its certificate is signed by an authority that is not trusted; ${OWN_CA}`],
  [
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "its certificate is for another name; check the address of Oz and what is in between",
  ],
  ["HOSTNAME_MISMATCH", "its certificate is for another name; check the address of Oz and what is in between"],
]);

function codeWords(code: string, detail: string, target: DialTarget): string {
  // The failure does not tell whose certificate it was about.
  const tlsPeer = target.proxyIsSecure === true ? `${target.host}, or to the proxy ${target.proxyHost},` : target.host;
  const certificate = CERTIFICATE_WORDS.get(code);
  if (certificate !== undefined) return `TLS to ${tlsPeer} failed: ${certificate} (${code})`;
  if (code === "EPROTO" || code.startsWith("ERR_SSL") || code.startsWith("ERR_TLS") || detail !== "") {
    const plain = /WRONG_VERSION_NUMBER/.test(detail)
      ? "the other side does not speak TLS; check the address of Oz"
      : "";
    return `TLS to ${tlsPeer} failed: ${plain || opensslWords(detail) || code}`;
  }
  // With a proxy the name and the port that are dialled are the proxy's.
  const proxied = target.proxyHost !== undefined;
  const peer = proxied ? `the proxy ${target.proxyHost}` : target.host;
  const setting = proxied ? "HTTPS_PROXY and HTTP_PROXY" : "the address of Oz";
  switch (code) {
    case "ENOTFOUND":
    case "EAI_NONAME":
    case "EAI_NODATA":
      return `the name of ${peer} cannot be found; check DNS and ${setting} (${code})`;
    case "EAI_AGAIN":
    case "ETIMEOUT":
    case "ESERVFAIL":
    case "EREFUSED":
      return `the name of ${peer} cannot be looked up at the moment; check this machine's DNS (${code})`;
    case "ECONNREFUSED":
      return `connection refused by ${peer}; check that something listens there, and ${setting} (${code})`;
    case "ECONNRESET":
    case "EPIPE":
      return `${peer} ended the connection during the handshake; check what is in between (${code})`;
    case "ENETUNREACH":
    case "EHOSTUNREACH":
    case "ENETDOWN":
    case "EADDRNOTAVAIL":
      return `no way to ${peer}; check this machine's network (${code})`;
    case "ETIMEDOUT":
      return `no answer from ${peer}; check firewalls and the network (${code})`;
    default:
      if (code.startsWith("HPE_")) return `${peer} does not answer as a web server does; check ${setting} (${code})`;
      return `the connection to ${peer} failed (${code})`;
  }
}

/** `error:0A000126:SSL routines::unexpected eof` tells only its last part to a reader. */
function opensslWords(detail: string): string {
  return (detail.split(":").at(-1) ?? "").trim();
}

/** A close of an open link, by the other side or by the network. */
export function describeClose(code: number, reason: string): string {
  const said = reason === "" ? "" : `: ${reason}`;
  if (code === 1006) return "the connection broke";
  if (code === 1005) return "Oz closed it without a code";
  return `Oz closed it with code ${code}${said}`;
}
