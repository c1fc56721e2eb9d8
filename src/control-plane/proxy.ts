import { BlockList, isIP } from "node:net";

export type Env = Readonly<Record<string, string | undefined>>;

export type ProxyChoice =
  | { readonly kind: "direct" }
  | { readonly kind: "proxy"; readonly url: string }
  /** A proxy is set that cannot be used; `problem` is one line without the value, which may hold a password. */
  | { readonly kind: "unusable"; readonly problem: string };

/**
 * The proxy for a target, by the usual variables: HTTPS_PROXY for `wss` and `https`, HTTP_PROXY for `ws` and `http`,
 * unless NO_PROXY lists the target. Either case; lower case wins, as with curl.
 */
export function chooseProxy(target: URL, env: Env): ProxyChoice {
  const secure = target.protocol === "wss:" || target.protocol === "https:";
  const [name, value] = variable(env, secure ? "HTTPS_PROXY" : "HTTP_PROXY");
  if (value === "" || bypasses(target, variable(env, "NO_PROXY")[1])) return { kind: "direct" };

  const text = value.includes("://") ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === "") {
    return { kind: "unusable", problem: `${name} is not a URL such as http://user:password@proxy:3128` };
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    return { kind: "unusable", problem: `${name} names a ${url.protocol}// proxy; only http:// and https:// work` };
  }
  return { kind: "proxy", url: url.toString() };
}

/** What of a proxy's URL must not be shown. */
export function proxySecrets(proxyUrl: string | undefined): string[] {
  if (proxyUrl === undefined) return [];
  const { username, password } = new URL(proxyUrl);
  return [password, decoded(password), decoded(username)].filter((text) => text !== "");
}

/** A part of a URL as it was meant; as it is where nobody can tell. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function variable(env: Env, name: string): [name: string, value: string] {
  const lower = name.toLowerCase();
  const value = env[lower]?.trim();
  return value ? [lower, value] : [name, env[name]?.trim() ?? ""];
}

/** `*`, `host`, `.domain` (also its subdomains), `*.domain`, addresses, address blocks; each with `:port` or without. */
function bypasses(target: URL, list: string): boolean {
  const host = bare(target.hostname);
  const port = target.port || (target.protocol === "wss:" || target.protocol === "https:" ? "443" : "80");
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .some((entry) => matches(entry.toLowerCase(), host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  if (entry.includes("/")) return inBlock(entry, host);
  const [, name = "", ofPort] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? [undefined, entry];
  if (ofPort !== undefined && ofPort !== port) return false;
  const domain = bare(name).replace(/^\*?\./, "");
  if (domain === "") return false;
  return host === domain || (isIP(host) === 0 && host.endsWith(`.${domain}`));
}

function inBlock(entry: string, host: string): boolean {
  const [network = "", bits = ""] = entry.split("/");
  const family = isIP(bare(network));
  const length = Number(bits);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(bits) || length > (family === 4 ? 32 : 128)) {
    return false;
  }
  const type = family === 4 ? "ipv4" : "ipv6";
  const block = new BlockList();
  block.addSubnet(bare(network), length, type);
  return block.check(host, type);
}

/** Without the brackets of an IPv6 address and the dot of a fully qualified name. */
function bare(host: string): string {
  return host.replace(/^\[|\]$/g, "").replace(/\.$/, "");
}
