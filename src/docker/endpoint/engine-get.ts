import * as http from "node:http";
import * as https from "node:https";
import type { Clock } from "../../support/clock.ts";
import type { TcpEndpoint, TlsMaterial, UnixEndpoint } from "./docker-endpoint.ts";
import { codeOf } from "./endpoint-files.ts";

/** Where an HTTP request can go: an endpoint that needs no tunnel. */
export type EngineAddress = UnixEndpoint | TcpEndpoint;

/** One answer of a daemon, or the code and words with which there was none. */
export type EngineAnswer =
  | { readonly kind: "answer"; readonly status: number; readonly body: string }
  | { readonly kind: "failed"; readonly code: string; readonly message: string }
  | { readonly kind: "timeout" };

export interface GetOptions {
  readonly clock: Clock;
  /** Limit for the whole exchange, in milliseconds. */
  readonly timeoutMs: number;
}

// No answer that is asked for here comes near it.
const MAX_BODY_BYTES = 1024 * 1024;

/** TLS settings as `node:https` takes them. */
export function tlsOptions(tls: TlsMaterial): https.AgentOptions {
  return {
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined || tls.key === undefined ? {} : { cert: tls.cert, key: tls.key }),
    rejectUnauthorized: tls.verify,
  };
}

/** Asks a daemon for `path` on a connection of its own. Never rejects. */
export function getFromEngine(address: EngineAddress, path: string, options: GetOptions): Promise<EngineAnswer> {
  return new Promise((resolve) => {
    let request: http.ClientRequest | undefined;
    const settle = (answer: EngineAnswer) => {
      timer.cancel();
      resolve(answer);
      request?.destroy();
    };
    const fail = (error: unknown) => settle(failureOf(error));
    const timer = options.clock.after(options.timeoutMs, () => settle({ kind: "timeout" }));
    try {
      request = send(address, path);
    } catch (error) {
      fail(error);
      return;
    }
    request.on("error", fail);
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_BODY_BYTES) {
          settle({ kind: "failed", code: "TOO_LONG", message: "the answer is too long" });
          return;
        }
        chunks.push(chunk);
      });
      response.on("end", () =>
        settle({ kind: "answer", status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }),
      );
      response.on("error", fail);
      response.on("close", () => fail({ code: "ECONNRESET", message: "the connection was closed" }));
    });
    request.on("close", () => fail({ code: "ECONNRESET", message: "the connection was closed" }));
    request.end();
  });
}

function send(address: EngineAddress, path: string): http.ClientRequest {
  const common = { path, method: "GET", headers: { Connection: "close" } };
  if (address.kind === "unix") {
    return http.request({ ...common, socketPath: address.socketPath });
  }
  const target = { ...common, host: address.host, port: address.port };
  if (address.tls === undefined) {
    return http.request(target);
  }
  return https.request({ ...target, ...tlsOptions(address.tls) });
}

function failureOf(error: unknown): EngineAnswer {
  const message =
    typeof error === "object" && error !== null && "message" in error ? String(error.message) : "no reason";
  return { kind: "failed", code: codeOf(error) ?? "", message };
}
