import { rootCertificates } from "node:tls";
import type { Log } from "../support/log.ts";
import { readAtMost } from "../support/read-at-most.ts";
import type { DialOptions } from "./dial-options.ts";
import { chooseProxy, type Env, type ProxyChoice } from "./proxy.ts";
import { collectTrust } from "./trust.ts";

export interface NetworkOptions {
  /** `--web-socket-url`. */
  readonly url: string;
  readonly log: Log;
  readonly env?: Env;
  readonly readFile?: (path: string) => string;
}

/**
 * Makes the `dialOptions` of a link: which authorities are trusted and which proxy is used, by environment and files,
 * looked up anew for every dial. A setting that is of no use is one warning, and the dial goes on without it.
 */
export function createDialOptions(options: NetworkOptions): () => DialOptions {
  const { log, env = process.env, readFile } = options;
  const target = new URL(options.url);
  const told = new Set<string>();
  const warnOnce = (problem: string) => {
    if (told.has(problem)) return;
    told.add(problem);
    log.warn(`For the link to Oz: ${problem}; going on without it`);
  };

  return () => {
    const { dialOptions, proxy, trustProblems } = readNetwork(target, env, readFile);
    if (proxy.kind === "unusable") warnOnce(proxy.problem);
    for (const problem of trustProblems) warnOnce(problem);
    return dialOptions;
  };
}

/** What environment and files say of the way to a server, with plain lines on the files that are of no use. */
export interface Network {
  readonly dialOptions: DialOptions;
  readonly proxy: ProxyChoice;
  readonly trustProblems: readonly string[];
}

export function readNetwork(
  target: URL,
  env: Env,
  readFile = (path: string) => readAtMost(path).toString("utf8"),
): Network {
  const proxy = chooseProxy(target, env);
  const proxyUrl = proxy.kind === "proxy" ? proxy.url : undefined;
  const secure = target.protocol === "wss:" || target.protocol === "https:";
  // An https:// proxy is verified against the same authorities.
  const verifies = secure || proxyUrl?.startsWith("https:") === true;
  const trust = verifies ? collectTrust({ env, readFile, builtIn: rootCertificates }) : undefined;
  return {
    proxy,
    trustProblems: trust?.problems ?? [],
    dialOptions: {
      ...(trust === undefined ? {} : { tls: { ca: trust.ca } }),
      ...(proxyUrl === undefined ? {} : { proxy: proxyUrl }),
    },
  };
}
