import type { EngineRequest } from "../../../src/docker/engine/engine.ts";
import type { World } from "../world/world.ts";
import { STUBBORN, scenario, task } from "./building-blocks.ts";
import type { Scenario } from "./scenario.ts";

const CANCELLED_AT_MS = 2_000;
/** From the cancellation until Oz must know that it has come through. */
const TOLD_WITHIN_MS = 15_000;
const GOES_ON_AT_MS = 240_000;
/** From the end of the hang until nothing of the task may be there. */
const CLEAN_WITHIN_MS = 60_000;

type Calls = (request: EngineRequest) => boolean;

const isCreate: Calls = ({ path, query }) => path === "/containers/create" && /^oz-task/.test(String(query?.name));
const isCopy: Calls = ({ path, query }) => path === "/containers/create" && !/^oz-task/.test(String(query?.name));

/** A task that is cancelled while the engine leaves such calls unanswered for minutes. */
function held(name: string, calls: Calls, parts: Partial<Scenario> = {}): Scenario {
  return scenario(name, {
    tasks: [task({ work: STUBBORN })],
    disturb: (world) => disturb(world, calls),
    // The times hold for a worker that lives.
    points: [],
    ...parts,
  });
}

function disturb(world: World, calls: Calls): void {
  const go = world.engine.hold(calls);
  world.at(CANCELLED_AT_MS, () => {
    world.incidents.cancelAll();
    world.incidents.allEndWithin(TOLD_WITHIN_MS);
  });
  world.at(GOES_ON_AT_MS, go);
  world.at(GOES_ON_AT_MS + CLEAN_WITHIN_MS, () => world.incidents.nothingIsLeft());
}

/** Every call that a task's end may have to wait for. */
export const HELD_CALL_SCENARIOS: readonly Scenario[] = [
  held("held-pull-cancelled", ({ path }) => path === "/images/create"),
  held("held-copy-cancelled", isCopy, { isWarm: false }),
  held("held-private-copy-cancelled", isCopy, { isWarm: false, tasks: [task({ work: STUBBORN, hasReadWrite: true })] }),
  held("held-create-cancelled", isCreate),
  held("held-start-cancelled", ({ path }) => path.endsWith("/start")),
  held("held-stop-cancelled", ({ path }) => path.endsWith("/kill")),
  held("held-removal-cancelled", ({ path, method }) => method === "DELETE" && path.startsWith("/containers/")),
  held("held-record-cancelled", ({ path }) => path === "/volumes/create"),
];
