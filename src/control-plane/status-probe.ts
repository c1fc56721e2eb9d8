import type { Clock } from "../support/clock.ts";
import { type DialOptions, fetchVerified } from "./dial-options.ts";

/** What a plain GET of the same address is answered with; a failed handshake itself tells at most a status. */
export interface ProbeAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  /** The beginning of a textual body; empty for none, HTML or anything else. */
  readonly body: string;
  /** Whether the body went on after that. */
  readonly cut: boolean;
}

export interface ProbeRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly options: DialOptions;
  readonly limitMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const MAX_BODY_BYTES = 4_096;
const READABLE = /^(text\/plain|application\/(problem\+)?json)\b/i;

/** Asks; undefined where no answer came in time. Never throws. */
export async function probeStatus(request: ProbeRequest): Promise<ProbeAnswer | undefined> {
  const abort = new AbortController();
  const limit = request.clock.after(request.limitMs, () => abort.abort());
  try {
    const signal = AbortSignal.any([abort.signal, request.signal]);
    const init: RequestInit = { headers: request.headers, redirect: "manual", signal };
    const response = await fetchVerified(request.url, init, request.options);
    const { text, cut } = await readBody(response);
    return { status: response.status, retryAfter: response.headers.get("retry-after"), body: text, cut };
  } catch {
    return undefined;
  } finally {
    limit.cancel();
    abort.abort();
  }
}

async function readBody(response: Response): Promise<{ text: string; cut: boolean }> {
  const nothing = { text: "", cut: false };
  if (response.body === null || !READABLE.test(response.headers.get("content-type") ?? "")) return nothing;
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let text = "";
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { text, cut: false };
      bytes += value.byteLength;
      text += decoder.decode(value.subarray(0, MAX_BODY_BYTES), { stream: true });
      if (bytes > MAX_BODY_BYTES) return { text: text.slice(0, MAX_BODY_BYTES), cut: true };
    }
  } catch {
    // A body that breaks off does not take the status away.
    return { text, cut: true };
  } finally {
    await reader.cancel().catch(() => {});
  }
}
