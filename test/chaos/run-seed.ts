import type Docker from "dockerode";
import { createEngine } from "../../src/docker/engine/engine.ts";
import { createReaper } from "../../src/docker/reaper.ts";
import { LABELS } from "../../src/docker/records/labels.ts";
import { createLeaseLooks } from "../../src/docker/records/lease-looks.ts";
import { createSeals } from "../../src/docker/records/seals.ts";
import { currentOwner } from "../../src/host/owner.ts";
import { systemClock } from "../../src/support/clock.ts";
import { assignment } from "../support/assignment-builder.ts";
import { OzStandIn } from "../support/oz-stand-in.ts";
import type { PrivateDockerd } from "../support/private-dockerd.ts";
import { recordedLog } from "../support/recorded-log.ts";
import { Relay } from "../support/relay.ts";
import { ChaosOz } from "./chaos-oz.ts";
import { ChaosWorkers } from "./chaos-workers.ts";
import { Journal } from "./journal.ts";
import { type Judgement, judge } from "./judge.ts";
import { type FaultKind, type Plan, type PlannedTask, planOf } from "./plan.ts";

/** Where a seed is played. */
export interface ChaosStage {
  readonly dockerd: PrivateDockerd;
  readonly image: string;
  readonly sidecar: string;
  readonly missingImage: string;
}

export interface SeedReport extends Judgement {
  readonly seed: number;
  readonly faults: number;
  readonly tasks: number;
  readonly leaked: readonly string[];
  /** Breaches of the wire's contract, bad ends of workers. */
  readonly other: readonly string[];
  readonly seconds: number;
  /** What the workers said, for the person who looks for the cause. */
  readonly log: readonly string[];
}

const CALM_LIMIT_MS = 45_000;

/** Plays one seed to its end. The daemon is empty afterwards, but for published sidecars. */
export async function runSeed(seed: number, stage: ChaosStage): Promise<SeedReport> {
  const startedAt = performance.now();
  const plan = planOf(seed);
  const { dockerd } = stage;
  const workerId = `chaos-${seed}`;
  const log: string[] = [];
  const oz = new OzStandIn({ workerId });
  const relay = await Relay.start({ port: oz.port });
  const journal = new Journal();
  await journal.follow(dockerd.docker);
  const workers = new ChaosWorkers({
    args: [...oz.flags(relay.through(oz.url)), "--log-level", "debug"],
    env: { WARP_API_KEY: oz.apiKey, DOCKER_HOST: dockerd.address },
    onLine: (line) => log.push(line),
  });
  workers.start();
  const driver = new ChaosOz(oz, plan.tasks, (task) => assignmentOf(task, stage));
  const other: string[] = [];
  try {
    let last = Promise.resolve();
    const oneAtATime = (fault: () => Promise<void>) => {
      last = last.then(fault);
      return last;
    };
    const world = { dockerd, oz, relay, journal, workers, log, oneAtATime };
    await playFaults(plan, startedAt, world);
    // A new worker finds at once what the dead ones have left; those that run look every half minute.
    workers.start();
    for (let waited = 0; waited < CALM_LIMIT_MS && driver.unfinished.length > 0; waited += 100) await Bun.sleep(100);
  } finally {
    driver.stop();
    other.push(...(await workers.stopAll()));
    journal.stop();
    relay.stop();
    await oz.stop();
  }
  // What names no order: the judge knows what a dead worker cannot have known.
  other.push(...oz.violations.filter((violation) => !/terminal message/.test(violation)));
  const leaked = await leaks(dockerd, oz.apiKey);
  const seconds = Math.round((performance.now() - startedAt) / 100) / 10;
  const faults = plan.faults.length;
  return { ...judge(plan, oz.events, journal), seed, faults, tasks: plan.tasks.length, leaked, other, seconds, log };
}

interface World {
  readonly dockerd: PrivateDockerd;
  readonly oz: OzStandIn;
  readonly relay: Relay;
  readonly journal: Journal;
  readonly workers: ChaosWorkers;
  readonly log: string[];
  /** Waits for the faults before: what is away cannot go away. */
  oneAtATime(fault: () => Promise<void>): Promise<void>;
}

async function playFaults(plan: Plan, startedAt: number, world: World): Promise<void> {
  const running: Promise<void>[] = [];
  for (const { atMs, fault } of plan.faults) {
    await Bun.sleep(Math.max(0, startedAt + atMs - performance.now()));
    world.log.push(`--- ${new Date().toISOString()} ${JSON.stringify(fault)}`);
    running.push(play(fault, world));
  }
  await Promise.all(running);
  await Bun.sleep(Math.max(0, startedAt + plan.calmMs - performance.now()));
  world.log.push(`--- ${new Date().toISOString()} calm`);
}

async function play(fault: FaultKind, world: World): Promise<void> {
  const { workers, relay, oz, journal, dockerd } = world;
  switch (fault.kind) {
    case "kill-worker":
    case "stop-worker": {
      const signal = fault.kind === "kill-worker" ? "SIGKILL" : "SIGTERM";
      journal.note(fault.kind === "kill-worker" ? "killed" : "stopped");
      await workers.end(fault.which, signal);
      await Bun.sleep(fault.backAfterMs);
      workers.start();
      break;
    }
    case "second-worker":
      workers.start();
      break;
    case "cut-link":
      relay.cut();
      break;
    case "freeze-link":
      relay.freeze();
      await Bun.sleep(fault.forMs);
      if (fault.thenCut) relay.cut();
      relay.thaw();
      break;
    case "oz-away":
      await world.oneAtATime(async () => {
        await oz.goAway();
        await Bun.sleep(fault.forMs);
        oz.comeBack();
      });
      break;
    case "restart-daemon":
      await world.oneAtATime(async () => {
        journal.note("daemon-down");
        if (fault.signal === "SIGKILL") journal.note("daemon-killed");
        await dockerd.down(fault.signal);
        journal.note("daemon-down");
        await Bun.sleep(fault.forMs);
        await dockerd.up();
        await journal.follow(dockerd.docker);
      });
      break;
    case "remove-container":
      await removeOne(dockerd.docker, fault.which, journal).catch(() => {});
      break;
  }
}

async function removeOne(docker: Docker, which: number, journal: Journal): Promise<void> {
  const found = await docker.listContainers({ filters: { label: [`${LABELS.kind}=task`] } });
  const victim = found[which % Math.max(1, found.length)];
  if (victim === undefined) return;
  journal.removed(victim.Labels[LABELS.taskId] ?? "");
  await docker.getContainer(victim.Id).remove({ force: true });
}

/** What is left once all workers have ended in order and the reaper has had its time. */
async function leaks({ docker }: PrivateDockerd, apiKey: string): Promise<readonly string[]> {
  const soon = () => Date.now() + 2 * 3_600_000;
  const log = recordedLog();
  const seals = createSeals(apiKey);
  await createReaper({
    engine: createEngine(docker.modem),
    seals,
    self: currentOwner(),
    log,
    clock: systemClock,
    leases: createLeaseLooks(systemClock),
    now: soon,
  }).reap();
  const containers = await docker.listContainers({ all: true });
  const placeholders = containers.filter(({ Names }) => Names[0]?.startsWith("/oz-agent-worker.sidecar.sha256-"));
  const published = placeholders.map(({ Labels }) => Labels[LABELS.volume]);
  const left = log.lines.filter(({ fields }) => fields.reason !== undefined).map(({ message }) => message);
  for (const container of containers) {
    if (placeholders.includes(container)) continue;
    left.push(`container ${container.Names[0]} ${container.State} ${JSON.stringify(container.Labels)}`);
    await docker
      .getContainer(container.Id)
      .remove({ force: true, v: true })
      .catch(() => {});
  }
  for (const { Name, Labels } of (await docker.listVolumes()).Volumes ?? []) {
    if (published.includes(Name)) continue;
    left.push(`volume ${Name} ${JSON.stringify(Labels)}`);
    await docker
      .getVolume(Name)
      .remove()
      .catch(() => {});
  }
  for (const { Id, RepoTags } of await docker.listImages({ filters: JSON.stringify({ label: [LABELS.kind] }) })) {
    // A daemon that goes down between an image and its tag leaves one that nothing proves to be ours: people prune such.
    const tags = (RepoTags ?? []).filter((tag) => tag !== "<none>:<none>");
    if (tags.length > 0) left.push(`image ${tags.join()} ${Id}`);
    await docker
      .getImage(Id)
      .remove({ noprune: true })
      .catch(() => {});
  }
  return left;
}

function assignmentOf(task: PlannedTask, stage: ChaosStage) {
  const { work } = task;
  const isReadWrite = work.kind === "rw-sidecar";
  return assignment({
    task_id: task.taskId,
    execution_id: `${task.taskId}-1`,
    docker_image: work.kind === "missing-image" ? stage.missingImage : stage.image,
    sidecar_image: stage.sidecar,
    env_vars: { OZ_TEST_SCRIPT: scriptOf(task) },
    ...(work.kind === "oom" ? { instance_shape: { memory_gb: 1 } } : {}),
    additional_sidecars: isReadWrite ? [{ image: stage.sidecar, mount_path: "/rw", read_write: true }] : [],
  });
}

function scriptOf({ work }: PlannedTask): string {
  switch (work.kind) {
    case "exit":
      return `trap 'exit 143' TERM; sleep ${work.afterMs / 1_000} & wait; exit ${work.code}`;
    case "oom":
      return "exec tail /dev/zero";
    case "missing-image":
      return "exit 0";
    case "cancelled":
      return `trap '${work.obeys ? "exit 0" : ""}' TERM; while :; do sleep 100 & wait; done`;
    case "rw-sidecar":
      return `[ -e /rw/oz ] && [ ! -e /rw/mine ] && echo mine > /rw/mine || exit 99; sleep 1; exit ${work.code}`;
  }
}
