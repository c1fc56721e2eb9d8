import type { Clock } from "../support/clock.ts";
import { quoted } from "../support/printable.ts";
import type { Redactor } from "../support/redaction.ts";
import { retryAfterMs } from "./backoff.ts";
import { diagnose } from "./diagnosis.ts";
import type { DialOptions } from "./dial-options.ts";
import type { OzAddress } from "./oz-address.ts";
import { type ProbeAnswer, probeStatus } from "./status-probe.ts";
import type { DialFailure } from "./wire.ts";

export const PROBE_LIMIT_MS = 5_000;
const MAX_QUOTE = 160;

export interface FailureContext {
  readonly address: OzAddress;
  readonly headers: Readonly<Record<string, string>>;
  readonly options: DialOptions;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Takes the API key out of what the server says. */
  readonly redact: Redactor;
}

export interface Explanation {
  /** One line: why, and what to do. */
  readonly reason: string;
  /** What the server asked to be left alone for. */
  readonly retryAfterMs?: number;
  /** Oz does not take the key: no further try will mend that. */
  readonly isKeyRefused: boolean;
}

/** Finds out why a dial failed, asking the server once more where the failure itself does not tell (at most 5 s). */
export async function explainFailure(failure: DialFailure, context: FailureContext): Promise<Explanation> {
  const isKeyRefused = failure.kind === "status" && (failure.status === 401 || failure.status === 403);
  return { ...(await explain(failure, context)), isKeyRefused };
}

async function explain(failure: DialFailure, context: FailureContext): Promise<Omit<Explanation, "isKeyRefused">> {
  const { address, headers, options, clock, signal } = context;
  const proxy = options.proxy === undefined ? undefined : new URL(options.proxy);
  const target = {
    host: address.host,
    ...(proxy === undefined ? {} : { proxyHost: proxy.host, proxyIsSecure: proxy.protocol === "https:" }),
  };
  const answer = needsProbe(failure)
    ? await probeStatus({ url: address.httpUrl, headers, options, limitMs: PROBE_LIMIT_MS, clock, signal })
    : undefined;
  if (answer === undefined) return { reason: diagnose(failure, target) };

  if (failure.kind !== "status") {
    // An answer that only tells that a plain request is not a handshake explains nothing.
    const telling = answer.status !== 400 && answer.status !== 426;
    return { reason: diagnose(telling ? { kind: "status", status: answer.status } : failure, target) };
  }
  // A different answer belongs to a server that has changed its mind since, or that minds the missing upgrade.
  if (answer.status !== failure.status) return { reason: diagnose(failure, target) };
  const asked = [429, 503].includes(answer.status) ? retryAfterMs(answer.retryAfter, clock.epoch()) : undefined;
  return {
    reason: diagnose(failure, target) + quote(answer, context.redact),
    ...(asked === undefined ? {} : { retryAfterMs: asked }),
  };
}

function needsProbe(failure: DialFailure): boolean {
  if (failure.kind === "code") return failure.code === "ECONNRESET" || failure.code.startsWith("HPE_");
  return failure.kind === "status" || failure.kind === "unclear";
}

/** The server's own words, from the first line of text or from the usual fields of a JSON error. */
function quote(answer: ProbeAnswer, redact: Redactor): string {
  const line = redact(jsonMessage(answer.body) ?? firstLine(answer)).trim();
  return line === "" ? "" : ` (it says ${quoted(line, MAX_QUOTE)})`;
}

function firstLine({ body, cut }: ProbeAnswer): string {
  const lines = body.split(/[\r\n]+/).filter((line) => line.trim() !== "");
  // A secret that the limit has cut in two would not be recognised.
  if (cut && lines.length < 2) return "";
  const line = lines[0] ?? "";
  return /^[{[]/.test(line.trim()) ? "" : line;
}

function jsonMessage(body: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== "object" || parsed === null) return undefined;
    for (const key of ["message", "error", "detail", "title"]) {
      const value: unknown = Object.getOwnPropertyDescriptor(parsed, key)?.value;
      if (typeof value === "string" && value.trim() !== "") return value;
    }
  } catch {
    // Not JSON.
  }
  return undefined;
}
