import type { ContainerLife } from "./container-life.ts";
import type { EngineState, SimEvent } from "./engine-state.ts";
import { filtersOf, hasLabels, json, refusal, type SimBody, type SimCall, type SimRoute } from "./sim-calls.ts";

interface Listener {
  readonly body: SimBody;
  readonly filters: Readonly<Record<string, readonly string[]>>;
}

/** The streams that the engine holds open, and the calls about itself. */
export class EngineStreams {
  readonly #state: EngineState;
  readonly #listeners = new Set<Listener>();

  constructor(state: EngineState) {
    this.#state = state;
  }

  emit = (event: SimEvent): void => {
    for (const { body, filters } of this.#listeners) {
      const isMeant =
        hasLabels(event.container.labels, filters.label) &&
        (filters.type?.includes(event.type) ?? true) &&
        (filters.event?.includes(event.action) ?? true);
      if (isMeant) body.push(`${JSON.stringify(shown(event))}\n`);
    }
  };

  /** Nobody listens any more: the engine is gone, and the connections break. */
  drop(): void {
    this.#listeners.clear();
  }

  routes(life: ContainerLife): readonly SimRoute[] {
    return [
      ["GET", /^\/events$/, (call) => this.#events(call)],
      ["POST", /^\/containers\/([^/]+)\/wait$/, (call, id) => this.#wait(call, life, id)],
      ["GET", /^\/containers\/([^/]+)\/logs$/, (call, id) => this.#logs(call, id)],
      ["GET", /^\/_ping$/, ({ answer }) => answer(json("OK"))],
      ["GET", /^\/info$/, ({ answer }) => answer(json({ OSType: "linux", Architecture: "x86_64" }))],
      ["GET", /^\/version$/, ({ answer }) => answer(json({ Version: "simulated", Os: "linux", Arch: "amd64" }))],
    ];
  }

  #events(call: SimCall): void {
    const listener = { body: call.stream(), filters: filtersOf(call.request) };
    this.#listeners.add(listener);
    call.onGone(() => this.#listeners.delete(listener));
  }

  #wait(call: SimCall, life: ContainerLife, id = ""): void {
    const container = this.#state.container(id);
    if (container === undefined) {
      call.answer(refusal(404, `No such container: ${id}`));
      return;
    }
    const body = call.stream();
    const forget = life.onEnd(container, (exitCode) => {
      body.push(`${JSON.stringify({ Error: null, StatusCode: exitCode })}\n`);
      body.end();
    });
    call.onGone(forget);
  }

  #logs(call: SimCall, id = ""): void {
    if (this.#state.container(id) === undefined) {
      call.answer(refusal(404, `No such container: ${id}`));
      return;
    }
    call.stream().end();
  }
}

function shown({ type, action, container }: SimEvent) {
  const exitCode = action === "die" ? { exitCode: String(container.exitCode) } : {};
  return {
    Type: type,
    Action: action,
    Actor: { ID: container.id, Attributes: { ...exitCode, ...container.labels, name: container.name } },
  };
}
