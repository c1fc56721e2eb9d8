import { Readable } from "node:stream";
import * as v from "valibot";
import { EngineError } from "./engine-error.ts";

/** One call of the Docker Engine API; `path` starts with `/` and holds no query. */
export interface EngineRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE" | "HEAD";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly body?: object;
  /** Sent as it comes, as a tar archive. */
  readonly archive?: Readable;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Milliseconds until the call is given up; for streams until the answer begins. Default 60 s. */
  readonly limitMs?: number;
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

const DEFAULT_LIMIT_MS = 60_000;
/** What an engine says of its own parts while it goes down: it answers still, and can do nothing any more. */
const GOING_DOWN =
  /database not open|(transport|connection) is closing|context canceled|(object type \*libnetwork\.\w+: open |-init\/merged\S*): no such file/i;
/** With this an engine answers whatever it is asked in an API version outside of its range, and does nothing. */
const VERSION_REFUSED = /client version \S+ is too (old|new)/i;
const STATUSES = { 200: true, 201: true, 202: true, 204: true, 304: true } as const;

/** An engine that is reached through dockerode's modem. */
export function createEngine(modem: Modem): Engine {
  return {
    async call(request, schema) {
      const answer = await dial(modem, request, false);
      const parsed = v.safeParse(schema, answer);
      if (parsed.success) return parsed.output;
      const issue = parsed.issues[0];
      throw new EngineError(
        "malformed",
        `${title(request)}: unexpected answer (${v.getDotPath(issue) ?? "body"}: expected ${issue.expected})`,
      );
    },
    async run(request) {
      await dial(modem, request, false);
    },
    async open(request) {
      const answer = await dial(modem, request, true);
      if (answer instanceof Readable) return answer;
      throw new EngineError("malformed", `${title(request)}: no stream in the answer`);
    },
  };
}

function dial(modem: Modem, request: EngineRequest, isStream: boolean): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (request.signal?.aborted) {
      reject(new EngineError("aborted", `${title(request)}: cancelled`));
      return;
    }
    const abort = new AbortController();
    const limitMs = request.limitMs ?? DEFAULT_LIMIT_MS;
    let settled = false;
    const settle = (act: () => void) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      // A stream stays abortable for as long as it is read.
      if (!isStream) request.signal?.removeEventListener("abort", onAbort);
      act();
    };
    const fail = (kind: "timeout" | "aborted", message: string) => {
      settle(() => reject(new EngineError(kind, message)));
      abort.abort();
    };
    const onAbort = () => fail("aborted", `${title(request)}: cancelled`);
    const timer = setTimeout(
      () => fail("timeout", `${title(request)}: no answer within ${Math.round(limitMs / 1000)} s`),
      limitMs,
    );
    request.signal?.addEventListener("abort", onAbort, { once: true });

    modem.dial(dialOptions(request, isStream, abort.signal), (error, answer) => {
      if (error) {
        settle(() => reject(toEngineError(request, error)));
      } else if (settled) {
        discard(answer);
      } else {
        settle(() => resolve(answer));
      }
    });
  });
}

function dialOptions(request: EngineRequest, isStream: boolean, abortSignal: AbortSignal): object {
  const query = queryString(request.query);
  return {
    method: request.method,
    path: request.path + query,
    statusCodes: STATUSES,
    isStream,
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

function discard(answer: unknown): void {
  if (typeof answer === "object" && answer !== null && "destroy" in answer && typeof answer.destroy === "function") {
    answer.destroy();
  }
}

function toEngineError(request: EngineRequest, error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const field = (name: string): unknown => (error instanceof Error ? Reflect.get(error, name) : undefined);
  const message = error instanceof Error ? error.message.trim() : String(error);
  const status = field("statusCode");
  if (typeof status === "number") {
    const text = engineMessage(field("json")) ?? statusMessage(message);
    if (status >= 500 && GOING_DOWN.test(text)) return new EngineError("unreachable", `${title(request)}: ${text}`);
    if (status === 400 && VERSION_REFUSED.test(text)) return new EngineError("version", `${title(request)}: ${text}`);
    return new EngineError("status", text, status);
  }
  const code = field("code");
  const prefix = typeof code === "string" && !message.includes(code) ? `${code}: ` : "";
  return new EngineError("unreachable", `${title(request)}: ${prefix}${message}`);
}

function engineMessage(json: unknown): string | undefined {
  const parsed = v.safeParse(v.object({ message: v.string() }), json);
  return parsed.success ? parsed.output.message.trim() : undefined;
}

function statusMessage(message: string): string {
  return message.replace(/^\(HTTP code \d+\) \S+ - /, "");
}

function title(request: EngineRequest): string {
  return `${request.method} ${request.path}`;
}
