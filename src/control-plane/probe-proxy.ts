import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Clock } from "../support/clock.ts";
import { diagnose } from "./diagnosis.ts";
import type { DialOptions } from "./dial-options.ts";
import { decoded } from "./proxy.ts";
import type { DialFailure } from "./wire.ts";

export interface ProxyProbe {
  /** Where the proxy is to connect to, as `https://host:port/`. */
  readonly target: URL;
  /** URL of the proxy, user and password included. */
  readonly proxy: string;
  readonly tls: DialOptions["tls"];
  readonly limitMs: number;
  readonly clock: Clock;
}

/** What a proxy says has a head that ends before that. */
const MAX_HEAD_BYTES = 16 * 1024;

/** Has the proxy connect to the target and hangs up: `undefined` where it does, else `WHY; WHAT TO DO`. Never rejects. */
export async function probeProxy(probe: ProxyProbe): Promise<string | undefined> {
  const proxy = new URL(probe.proxy);
  const failure = await askToConnect(probe, proxy);
  if (failure === undefined) return undefined;
  return diagnose(failure, {
    host: probe.target.host,
    proxyHost: proxy.host,
    proxyIsSecure: proxy.protocol === "https:",
  });
}

function askToConnect({ target, tls, limitMs, clock }: ProxyProbe, proxy: URL): Promise<DialFailure | undefined> {
  const { promise, resolve } = Promise.withResolvers<DialFailure | undefined>();
  const socket = open(proxy, tls);
  const timer = clock.after(limitMs, () => resolve({ kind: "timeout", afterMs: limitMs }));
  let head = "";
  socket.on(proxy.protocol === "https:" ? "secureConnect" : "connect", () => socket.write(request(target, proxy)));
  socket.on("data", (chunk: Buffer) => {
    head += chunk.toString("latin1");
    const status = /^HTTP\/1\.\d (\d{3})/.exec(head)?.[1];
    if (status !== undefined) resolve(status.startsWith("2") ? undefined : { kind: "proxy-status", status: +status });
    else if (head.length > MAX_HEAD_BYTES || !/^H?T?T?P?/.test(head)) resolve({ kind: "unclear" });
  });
  socket.on("error", (error) => {
    const code = "code" in error ? String(error.code) : "unknown error";
    resolve({ kind: "code", code, detail: "" });
  });
  socket.on("close", () => resolve({ kind: "code", code: "ECONNRESET", detail: "" }));
  return promise.finally(() => {
    timer.cancel();
    socket.destroy();
  });
}

function open(proxy: URL, tls: DialOptions["tls"]): Socket {
  const host = proxy.hostname.replace(/^\[|\]$/g, "");
  const port = Number(proxy.port || (proxy.protocol === "https:" ? 443 : 80));
  if (proxy.protocol !== "https:") return connect(port, host);
  const ca = tls === undefined ? {} : { ca: [...tls.ca] };
  const servername = isIP(host) === 0 ? { servername: host } : {};
  return connectTls({ host, port, rejectUnauthorized: true, ...servername, ...ca });
}

function request(target: URL, { username, password }: URL): string {
  const secure = target.protocol === "https:" || target.protocol === "wss:";
  const authority = `${target.hostname}:${target.port || (secure ? 443 : 80)}`;
  const pair = `${decoded(username)}:${decoded(password)}`;
  const login =
    username === "" && password === ""
      ? ""
      : `Proxy-Authorization: Basic ${Buffer.from(pair, "utf8").toString("base64")}\r\n`;
  return `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${login}\r\n`;
}
