import { diagnose } from "./diagnosis.ts";
import { type DialOptions, fetchVerified } from "./dial-options.ts";

/** What a plain request to Oz's address has come to. */
export type PlainAnswer =
  | { readonly kind: "answer"; readonly status: number; readonly date: string | null }
  /** `reason` is `WHY; WHAT TO DO`; `isTls` where the connection was there and TLS was not. */
  | { readonly kind: "failed"; readonly reason: string; readonly isTls: boolean };

/** Asks without any key, by the proxies and authorities of the link. Never rejects. */
export async function askPlainly(url: string, options: DialOptions, signal: AbortSignal): Promise<PlainAnswer> {
  const { host, protocol } = new URL(url);
  try {
    const response = await fetchVerified(url, { method: "GET", redirect: "manual", signal }, options);
    void response.body?.cancel().catch(() => {});
    return { kind: "answer", status: response.status, date: response.headers.get("date") };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "no answer";
    const proxy = options.proxy === undefined ? undefined : new URL(options.proxy);
    const target = {
      host,
      ...(proxy === undefined ? {} : { proxyHost: proxy.host, proxyIsSecure: proxy.protocol === "https:" }),
    };
    const reason = diagnose({ kind: "code", code, detail: "" }, target);
    return { kind: "failed", reason, isTls: protocol === "https:" && reason.startsWith("TLS to ") };
  }
}
