import type { TaskViewOpening } from "../operator/task-view.ts";
import type { Clock } from "../support/clock.ts";
import type { Log } from "../support/log.ts";
import { createRedactor } from "../support/redaction.ts";
import { secretsOfContainer } from "../task/task-secrets.ts";
import { reachEngine } from "./endpoint/reach-engine.ts";
import { createEngine } from "./engine/engine.ts";
import { inspectContainer } from "./engine/engine-objects.ts";
import { limitEngine } from "./engine/limited-engine.ts";
import { listTasks } from "./view/list-tasks.ts";
import { detailsOf } from "./view/task-details.ts";
import { readLogs } from "./view/task-logs.ts";
import { usageOf } from "./view/task-usage.ts";

/** Where the daemon is looked for. */
export interface ViewSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/** The second door: for people who look, beside a worker or without one. It changes nothing on the daemon. Never rejects. */
export async function openTaskView({ env, home, clock, log }: ViewSurroundings): Promise<TaskViewOpening> {
  const reached = await reachEngine({ env, home, log, clock });
  if (reached.kind === "failed") return reached;
  const plain = createEngine(reached.docker.modem, clock);
  const engine = limitEngine(plain, clock);
  return {
    kind: "open",
    view: {
      tasks: () => listTasks(engine, () => engine.now()),
      usage: (ids) => usageOf(engine, clock, ids),
      details: (task) => detailsOf(engine, clock, task),
      async logs(task, options) {
        const container = await inspectContainer(engine, task.containerId);
        if (container === undefined) throw new Error(`container ${task.container} is gone`);
        const secrets = secretsOfContainer(container.Config.Env, container.Config.Cmd);
        await readLogs(engine, clock, task.containerId, createRedactor(secrets), options);
      },
      close: () => reached.close(),
    },
  };
}
