import type { Engine, EngineRequest } from "../../src/docker/engine/engine.ts";

/** What a test makes of a request: another one, a failure, or, for nothing, the request as it is. */
export type Change = (request: EngineRequest) => EngineRequest | undefined | Promise<EngineRequest | undefined>;

/** An engine that is asked in a test's own way, and `METHOD /path` of what it was asked for, ids as `ID`. */
export function changedEngine(engine: Engine, change: Change): { engine: Engine; requests: readonly string[] } {
  const requests: string[] = [];
  const ask = async (request: EngineRequest) => {
    requests.push(`${request.method} ${request.path.replace(/[0-9a-f]{64}/, "ID")}`);
    return (await change(request)) ?? request;
  };
  return {
    requests,
    engine: {
      call: async (request, schema) => await engine.call(await ask(request), schema),
      run: async (request) => await engine.run(await ask(request)),
      open: async (request) => await engine.open(await ask(request)),
    },
  };
}

/** Whether a request has the engine copy a file system by itself. */
export function isEngineCopy({ query }: EngineRequest): boolean {
  return String(query?.name).startsWith("oz-agent-worker.sidecar-copier.");
}
