import { Readable } from "node:stream";
import * as v from "valibot";
import type { Engine, EngineRequest } from "../../../src/docker/engine/engine.ts";
import type { EngineClock } from "../../../src/docker/engine/engine-clock.ts";
import { EngineError } from "../../../src/docker/engine/engine-error.ts";
import { isRecord } from "../../support/json-record.ts";
import type { Effects } from "../world/effects.ts";
import type { SimProcess } from "../world/sim-process.ts";
import type { EngineModel, SentCall } from "./engine-model.ts";
import type { SimAnswer, SimBody } from "./sim-calls.ts";

const DEFAULT_LIMIT_MS = 60_000;
const ANSWER_MS = 0.5;

/** The engine as one process has it: with the limits, the failures and the checks of the real client. */
export class EngineClient implements Engine, EngineClock {
  readonly #model: EngineModel;
  readonly #process: SimProcess;
  readonly #effects: Effects;
  /** The version that was agreed on when the process was started. */
  #api: number;
  readonly #calls = new Set<SentCall>();

  constructor(model: EngineModel, process: SimProcess, effects: Effects) {
    this.#model = model;
    this.#process = process;
    this.#effects = effects;
    this.#api = model.newestApi;
    process.onEnd(() => {
      for (const call of this.#calls) call.hangUp();
    });
  }

  /** Speaks the newest version that the engine has now; answers whether that is another one. */
  agree(): boolean {
    const isOther = this.#api !== this.#model.newestApi;
    this.#api = this.#model.newestApi;
    return isOther;
  }

  /** The engine and its workers are on one host. */
  now(): number {
    return this.#model.state.clock.epoch();
  }

  async call<TSchema extends v.GenericSchema>(
    request: EngineRequest,
    schema: TSchema,
  ): Promise<v.InferOutput<TSchema>> {
    const answer = await this.#ask(request);
    const parsed = v.safeParse(schema, answer);
    if (parsed.success) return parsed.output;
    throw new EngineError("malformed", `${titleOf(request)}: unexpected answer`);
  }

  async run(request: EngineRequest): Promise<void> {
    await this.#ask(request);
  }

  async open(request: EngineRequest): Promise<Readable> {
    const answer = await this.#ask(request);
    if (answer instanceof Readable) return answer;
    throw new EngineError("malformed", `${titleOf(request)}: no stream in the answer`);
  }

  #ask(request: EngineRequest): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const process = this.#process;
    const title = titleOf(request);
    if (request.signal?.aborted) {
      reject(new EngineError("aborted", `${title}: cancelled`));
      return promise;
    }
    const effect = this.#effects.begin(process, title);
    if (!process.isAlive) return promise;

    let isSettled = false;
    let stream: Readable | undefined;
    const settle = (act: () => void) => {
      if (isSettled) return;
      isSettled = true;
      timer.cancel();
      act();
    };
    const end = () => {
      this.#calls.delete(sent);
      request.signal?.removeEventListener("abort", onAbort);
    };
    const later = (act: () => void) => {
      // What is lost on the way breaks the connection instead.
      if (effect.isAnswerLost()) {
        connection.broken("socket hang up");
        return;
      }
      this.#model.state.clock.after(ANSWER_MS * (0.5 + this.#model.state.random.next()), () => process.deliver(act));
    };
    const connection = {
      answer({ status, body }: SimAnswer) {
        later(() => {
          end();
          if (status < 400) settle(() => resolve(body));
          else settle(() => reject(failureOf(title, status, messageOf(body))));
        });
      },
      stream(): SimBody {
        const opened = new Readable({ read() {} });
        opened.on("error", () => {});
        opened.on("close", () => {
          sent.hangUp();
          end();
        });
        stream = opened;
        later(() => settle(() => resolve(opened)));
        return {
          push: (text) => process.deliver(() => void opened.push(text)),
          end: () => process.deliver(() => void opened.push(null)),
        };
      },
      broken(message: string) {
        process.deliver(() => {
          end();
          stream?.destroy(new Error(message));
          settle(() => reject(new EngineError("unreachable", `${title}: ${message}`)));
        });
      },
    };
    const giveUp = (kind: "timeout" | "aborted", message: string) => {
      end();
      sent.hangUp();
      stream?.destroy(new Error(kind));
      settle(() => reject(new EngineError(kind, `${title}: ${message}`)));
    };
    const onAbort = () => giveUp("aborted", "cancelled");
    const limitMs = request.limitMs ?? DEFAULT_LIMIT_MS;
    const timer = process.clock.after(limitMs, () =>
      giveUp("timeout", `no answer within ${Math.round(limitMs / 1_000)} s`),
    );
    const sent = this.#model.send(request, process.pid, this.#api, connection);
    this.#calls.add(sent);
    request.signal?.addEventListener("abort", onAbort, { once: true });
    return promise;
  }
}

/** As the adapter of production takes it. */
function failureOf(title: string, status: number, said: string): EngineError {
  if (status === 400 && said.startsWith("client version")) return new EngineError("version", `${title}: ${said}`);
  return new EngineError("status", said, status);
}

function titleOf({ method, path }: EngineRequest): string {
  return `${method} ${path}`;
}

function messageOf(body: unknown): string {
  return isRecord(body) && typeof body.message === "string" ? body.message : "";
}
