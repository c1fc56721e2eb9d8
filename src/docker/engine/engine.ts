import { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import * as v from "valibot";
import { type Clock, systemClock } from "../../support/clock.ts";
import { createEngineClock, type EngineClock } from "./engine-clock.ts";
import { EngineError } from "./engine-error.ts";
import type { EnginePath } from "./engine-path.ts";
import { parseJson } from "./json-lines.ts";
import { dropAnswer, plainWords, readAnswer } from "./read-answer.ts";

/** One call of the Docker Engine API. */
export interface EngineRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE" | "HEAD";
  readonly path: EnginePath;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly body?: object;
  /** Sent as it comes, as a tar archive. */
  readonly archive?: Readable;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Milliseconds until the call is given up; for streams until the answer begins. Default 60 s. */
  readonly limitMs?: number;
  /** It ends something, or asks for a sign of life, and waits for no other call. */
  readonly isUrgent?: true;
  /** How long an answer that is read whole may be. Default 16 MiB. */
  readonly maxAnswerBytes?: number;
}

/** The Docker engine. Every call has a limit; every failure is an `EngineError`. */
export interface Engine {
  /** Calls and checks the JSON answer against a schema of the fields that are used. */
  call<TSchema extends v.GenericSchema>(request: EngineRequest, schema: TSchema): Promise<v.InferOutput<TSchema>>;
  /** Calls where only success matters; the answer is read and dropped. */
  run(request: EngineRequest): Promise<void>;
  /** Calls and hands over the body as a stream once the answer has begun. The caller reads or destroys it. */
  open(request: EngineRequest): Promise<Readable>;
}

/** What is used of dockerode's modem. */
export interface Modem {
  dial(options: object, callback: (error: unknown, answer: unknown) => void): void;
}

export const DEFAULT_LIMIT_MS = 60_000;
/** A container may tell of variables and arguments of some MiB. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const MAX_FAILURE_BYTES = 64 * 1024;
/** What an engine says of its own parts while it goes down: it answers still, and can do nothing any more. */
const GOING_DOWN =
  /database not open|(transport|connection) is closing|context canceled|(object type \*libnetwork\.\w+: open |-init\/merged\S*): no such file/i;
/** With this an engine answers whatever it is asked in an API version outside of its range, and does nothing. */
const VERSION_REFUSED = /client version \S+ is too (old|new)/i;
const STATUSES = new Set([200, 201, 202, 204, 304]);
/** For the modem every answer is one: it would read those that it takes for failures without a bound. */
const ALL_STATUSES = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [index + 100, true]));

/** An engine that is reached through dockerode's modem. */
export function createEngine(modem: Modem, clock: Clock = systemClock): Engine & EngineClock {
  const engineClock = createEngineClock(() => clock.epoch());

  function ask<T>(
    request: EngineRequest,
    isStream: boolean,
    read: (answer: IncomingMessage) => Promise<T>,
  ): Promise<T> {
    const askedAt = clock.epoch();
    return dial(modem, clock, request, isStream, async (answer) => {
      engineClock.note(answer.headers.date, askedAt);
      const status = answer.statusCode ?? 0;
      if (STATUSES.has(status)) return await read(answer);
      throw statusError(request, status, await readAnswer(answer, MAX_FAILURE_BYTES, title(request)));
    });
  }

  return {
    now: () => engineClock.now(),
    async call(request, schema) {
      const maxBytes = request.maxAnswerBytes ?? MAX_ANSWER_BYTES;
      const text = await ask(request, false, (answer) => readAnswer(answer, maxBytes, title(request)));
      const parsed = v.safeParse(schema, parseJson(text));
      if (parsed.success) return parsed.output;
      const issue = parsed.issues[0];
      throw new EngineError(
        "malformed",
        `${title(request)}: unexpected answer (${v.getDotPath(issue) ?? "body"}: expected ${issue.expected})`,
      );
    },
    async run(request) {
      await ask(request, false, (answer) => dropAnswer(answer, title(request)));
    },
    open: (request) => ask(request, true, (answer) => Promise.resolve(answer)),
  };
}

/** `read` has the same limit and the same signal as the call. */
function dial<T>(
  modem: Modem,
  clock: Clock,
  request: EngineRequest,
  isStream: boolean,
  read: (answer: IncomingMessage) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    if (request.signal?.aborted) {
      reject(new EngineError("aborted", `${title(request)}: cancelled`));
      return;
    }
    const abort = new AbortController();
    const limitMs = request.limitMs ?? DEFAULT_LIMIT_MS;
    let settled = false;
    let begun: IncomingMessage | undefined;
    const settle = (act: () => void) => {
      if (settled) return;
      settled = true;
      timer.cancel();
      // A stream stays abortable for as long as it is read.
      if (!isStream) request.signal?.removeEventListener("abort", onAbort);
      act();
    };
    const fail = (kind: "timeout" | "aborted", message: string) => {
      settle(() => reject(new EngineError(kind, message)));
      abort.abort();
      begun?.destroy();
    };
    const onAbort = () => fail("aborted", `${title(request)}: cancelled`);
    const timer = clock.after(limitMs, () =>
      fail("timeout", `${title(request)}: no answer within ${Math.round(limitMs / 1000)} s`),
    );
    request.signal?.addEventListener("abort", onAbort, { once: true });

    modem.dial(dialOptions(request, abort.signal), (error, answer) => {
      if (error) {
        settle(() => reject(unreachable(request, error)));
      } else if (!(answer instanceof IncomingMessage)) {
        settle(() => reject(new EngineError("malformed", `${title(request)}: no answer of HTTP`)));
      } else if (settled) {
        answer.destroy();
      } else {
        begun = answer;
        read(answer).then(
          (value) => settle(() => resolve(value)),
          (failure: unknown) => settle(() => reject(failure)),
        );
      }
    });
  });
}

function dialOptions(request: EngineRequest, abortSignal: AbortSignal): object {
  const query = queryString(request.query);
  return {
    method: request.method,
    path: request.path + query,
    statusCodes: ALL_STATUSES,
    isStream: true,
    abortSignal,
    ...(request.headers ? { headers: { ...request.headers } } : {}),
    ...(request.body ? { options: { _body: request.body, _query: {} }, allowEmpty: true } : {}),
    ...(request.archive ? { file: request.archive } : {}),
  };
}

function queryString(query: EngineRequest["query"]): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  const text = parameters.toString();
  // The modem takes a question mark as a sign that options follow and, where none do, drops the last character.
  return text === "" ? "" : `?${text}&`;
}

function statusError(request: EngineRequest, status: number, body: string): EngineError {
  const parsed = v.safeParse(v.object({ message: v.string() }), parseJson(body));
  const text = parsed.success ? parsed.output.message.trim() : body.trim();
  if (status >= 500 && GOING_DOWN.test(text)) return new EngineError("unreachable", `${title(request)}: ${text}`);
  if (status === 400 && VERSION_REFUSED.test(text)) return new EngineError("version", `${title(request)}: ${text}`);
  return new EngineError("status", text, status);
}

function unreachable(request: EngineRequest, error: unknown): EngineError {
  const message = error instanceof Error ? plainWords(error) : String(error);
  const code: unknown = error instanceof Error ? Reflect.get(error, "code") : undefined;
  const prefix = typeof code === "string" && !message.includes(code) ? `${code}: ` : "";
  return new EngineError("unreachable", `${title(request)}: ${prefix}${message}`);
}

/** Names a call, for messages. */
export function title(request: EngineRequest): string {
  return `${request.method} ${request.path}`;
}
