import { encodeOwner, type Owner, type ProcessTable } from "../host/owner.ts";
import { createOnce } from "../support/once.ts";
import { escapeUnprintable, shorten } from "../support/printable.ts";
import { createRush } from "../support/rush.ts";
import { plainImage } from "../support/shown-image.ts";
import { secretsOfContainer } from "../task/task-secrets.ts";
import type { AboutTask, ClaimedExecution, TaskRuntime } from "../worker/task-runtime.ts";
import type { ExitEvents } from "./container/exit-events.ts";
import { followAdopted, taskContainer } from "./container/follow-adopted.ts";
import { pullsOf } from "./container/prepare-task.ts";
import { createDockerExecution, type DockerExecutionOptions, runSpec } from "./docker-execution.ts";
import { createWarningLog } from "./engine/create-warnings.ts";
import type { Engine } from "./engine/engine.ts";
import type { EngineClock } from "./engine/engine-clock.ts";
import { describeError } from "./engine/engine-error.ts";
import type { ContainerDetails } from "./engine/engine-schemas.ts";
import type { Course } from "./follow-course.ts";
import type { Images } from "./images/images.ts";
import { pullAhead } from "./images/pull-ahead.ts";
import { type Adopted, createAdoption } from "./records/adoption.ts";
import { createExecutionsHere } from "./records/executions-here.ts";
import type { HeldExecution } from "./records/held-execution.ts";
import { LABELS } from "./records/labels.ts";
import { createLease } from "./records/lease.ts";
import type { LeaseLooks } from "./records/lease-looks.ts";
import { createLedger } from "./records/ledger.ts";
import { DAEMON_IS_AWAY, recordClaim } from "./records/record-claim.ts";
import type { Records } from "./records/records.ts";
import type { Seals } from "./records/seals.ts";
import { loseWhatIsTaken } from "./records/still-held.ts";
import { createTakeover } from "./records/takeover.ts";

export interface DockerRuntimeOptions
  extends Pick<DockerExecutionOptions, "watch" | "lives" | "sidecarContent" | "keeping" | "clock" | "log"> {
  readonly engine: Engine & EngineClock;
  readonly exitEvents: ExitEvents;
  readonly seals: Seals;
  readonly images: Images;
  readonly workerId: string;
  /** Names of variables whose values are no secrets. */
  readonly plainEnvironment: () => readonly string[];
  /** With the lease that it keeps. */
  readonly owner: Owner & { readonly lease: string };
  readonly leases: LeaseLooks;
  /** Where owners are looked for; the host's processes unless given. */
  readonly processes?: ProcessTable | undefined;
}

/** What runs tasks, and the sign that it does. */
export interface DockerRuntime extends TaskRuntime {
  /** Ends the sign of life: others need not wait. Never rejects. */
  close(): Promise<void>;
}

/** What people know the task of a container by; a title is what any container may have written there. */
function aboutContainer(container: ContainerDetails | undefined, now: number): AboutTask {
  if (container === undefined) return {};
  const { Config, State, HostConfig } = container;
  const memoryBytes = HostConfig?.Memory ?? 0;
  const title = shorten(escapeUnprintable(Config.Labels[LABELS.title] ?? ""), MAX_TITLE);
  const startedAt = State.Running ? Date.parse(State.StartedAt) : Number.NaN;
  return {
    ...(title === "" ? {} : { title }),
    image: plainImage(Config.Image),
    ...(memoryBytes > 0 ? { memoryBytes } : {}),
    ...(Number.isFinite(startedAt) ? { ranForMs: Math.max(0, now - startedAt) } : {}),
  };
}

const MAX_TITLE = 80;

/** Runs tasks in containers of a Docker daemon, which keeps every record that must outlive this process. */
export function createDockerRuntime(options: DockerRuntimeOptions): DockerRuntime {
  const { engine, images, watch, workerId, leases, log } = options;
  const records: Records = {
    engine,
    seals: options.seals,
    workerId,
    owner: encodeOwner(options.owner),
    now: () => engine.now(),
    log,
    once: createOnce(),
  };
  const ledger = createLedger(records);
  const here = createExecutionsHere();
  const lease = createLease({
    records,
    token: options.owner.lease,
    clock: options.clock,
    onDoubt: () => loseWhatIsTaken(records, here),
  });
  watch.onBack(() => leases.forget());
  const takeover = createTakeover(records, options.owner, leases, options.processes);
  const adoption = createAdoption({ records, ledger, takeover, here, lease, leases });
  const { doubtAbout } = adoption;
  const parts: DockerExecutionOptions = {
    ...options,
    records,
    ledger,
    here,
    lease,
    starts: createRush(options.clock),
    onWarnings: createWarningLog(log),
  };

  /** At most one look at a time: two would take the same execution over twice. */
  let recovering: Promise<void> | undefined;

  function recovered(adopted: Adopted): ClaimedExecution {
    const { execution, attempt, container, foreignUntil, verdict } = adopted;
    const held: HeldExecution = {
      execution,
      attempt,
      phase: "open",
      hasVerdict: verdict !== undefined,
      ...(foreignUntil === undefined ? {} : { foreignUntil }),
      ...(container ? { container: taskContainer(container) } : {}),
    };
    here.add(held);
    const secrets =
      container === undefined
        ? []
        : secretsOfContainer(container.Config.Env, container.Config.Cmd, options.plainEnvironment());
    const course: Course = (run) => followAdopted(engine, watch, adopted, run);
    return { ...createDockerExecution(parts, held, secrets, course), about: aboutContainer(container, engine.now()) };
  }

  return {
    async claim(execution, plan) {
      if (watch.away() !== undefined) return { kind: "refused", reason: DAEMON_IS_AWAY };
      // What it claimed with a lease that has stood still would be taken from it at once.
      if (lease.isDoubtful()) {
        const reason = await lease.renew().then(() => undefined, describeError);
        if (reason !== undefined) {
          return { kind: "refused", reason: `the worker's Docker daemon cannot record that it is there: ${reason}` };
        }
      }
      const recording = recordClaim({ records, ledger, watch, here, doubtAbout }, execution);
      if (plan.kind === "failed") {
        const answer = await recording;
        if (answer.kind !== "claimed") return answer;
        return { kind: "claimed", claimed: createDockerExecution(parts, answer.held, [], async () => plan) };
      }
      const { spec } = plan;
      const pulls = pullAhead(images, pullsOf(spec));
      const answer = await recording;
      if (answer.kind !== "claimed") {
        pulls.end();
        return answer;
      }
      const { held } = answer;
      const course = runSpec(parts, held, spec, pulls);
      return { kind: "claimed", claimed: createDockerExecution(parts, held, spec.secrets, course) };
    },

    async recover(onRecovered) {
      try {
        await lease.start();
        recovering ??= adoption
          .adopt((adopted) => {
            // One that Oz delivers again at this moment: the next look takes it up.
            if (!here.has(adopted.execution)) onRecovered(recovered(adopted));
          })
          .finally(() => {
            recovering = undefined;
          });
        await recovering;
      } catch (error) {
        leases.forget();
        watch.note(error);
        log.warn("what dead workers left could not be looked through; tried again later", {
          reason: describeError(error),
        });
      }
    },

    close: () => lease.stop(),
  };
}
