import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { assignment } from "../../test/support/assignment-builder.ts";
import { agentImage, sidecarImage } from "../../test/support/images.ts";
import { OzStandIn } from "../../test/support/oz-stand-in.ts";
import type { PushedImage } from "../../test/support/push-image.ts";
import { startWorker } from "../../test/support/worker-process.ts";
import { objectsOf } from "../environment/engine-objects.ts";
import type { RunningEnvironment } from "../environment/start-environment.ts";
import { watchDocker } from "./docker-view.ts";
import { describeOzEvent } from "./oz-view.ts";
import { differences, SCENES, type Scene } from "./scenes.ts";
import type { Screen } from "./screen.ts";

/** One line of the summary. */
export interface Outcome {
  readonly name: string;
  readonly text: string;
  readonly asExpected: boolean;
}

const STEP_LIMIT_MS = 30_000;

/**
 * Plays all scenes with one worker and answers what came of each, and of the worker. What it starts is handed to
 * `stack`, so that it ends even where the play breaks off. Rejects where the worker does not come up, or at an interruption.
 */
export async function play(
  environment: RunningEnvironment,
  screen: Screen,
  stack: AsyncDisposableStack,
  interruption: AbortSignal,
): Promise<readonly Outcome[]> {
  screen.line("Making a task image and a sidecar image, and pushing them to a registry of this demo");
  const [agent, sidecar] = await Promise.all([agentImage(environment), sidecarImage(environment)]);
  screen.heading("The worker starts");
  screen.head();

  const oz = new OzStandIn({
    workerId: `${environment.run}-worker`,
    onEvent: (event) => {
      const text = describeOzEvent(event);
      if (text !== undefined) screen.oz(text);
    },
  });
  stack.defer(() => oz.stop());
  const watch = await watchDocker(environment.docker, environment.run, screen);
  stack.defer(() => watch.stop());
  const worker = await launchWorker(environment, oz, screen);
  stack.use(worker);
  await worker.waitForLine(/Connected to Oz/, STEP_LIMIT_MS);

  const outcomes: Outcome[] = [];
  for (const scene of SCENES) {
    interruption.throwIfAborted();
    screen.heading(scene.title);
    const images = { docker_image: agent.reference, sidecar_image: sidecar.reference };
    outcomes.push(await playScene(scene, oz, images, (taskId) => watch.firstOutput(taskId)));
    // The worker removes the container once Oz has the result: part of the story.
    await watch.removal(taskIdOf(scene), 5000);
  }

  interruption.throwIfAborted();
  screen.heading("The worker is told to end (SIGTERM)");
  worker.kill("SIGTERM");
  const { code } = await worker.exited;
  await oz.waitFor("the end of the link", () => (oz.openLinks === 0 ? true : undefined), STEP_LIMIT_MS);
  outcomes.push({ name: "worker", text: `exit code ${code}`, asExpected: code === 0 });
  const left = (await objectsOf(environment.docker, environment.run)).filter(({ kept }) => !kept);
  outcomes.push({
    name: "docker",
    text: left.length === 0 ? "no task container is left" : `left: ${left.map(({ name }) => name).join(", ")}`,
    asExpected: left.length === 0,
  });
  outcomes.push({
    name: "protocol",
    text: oz.violations.length === 0 ? "every message was as it should be" : oz.violations.join("; "),
    asExpected: oz.violations.length === 0,
  });
  return outcomes;
}

async function launchWorker(environment: RunningEnvironment, oz: OzStandIn, screen: Screen) {
  // A home of its own: the user's Docker configuration stays out of it.
  const home = join(environment.folder, "home");
  await mkdir(home);
  return startWorker({
    args: oz.flags(),
    env: { HOME: home, WARP_API_KEY: oz.apiKey, DOCKER_HOST: environment.dockerHost },
    // The column has a time of its own.
    onLine: (line) => screen.worker("worker", line.replace(/^\d{4}-\d\d-\d\dT\S+ /, "")),
  });
}

async function playScene(
  scene: Scene,
  oz: OzStandIn,
  images: Readonly<Record<"docker_image" | "sidecar_image", PushedImage["reference"]>>,
  firstOutput: (taskId: string) => Promise<void>,
): Promise<Outcome> {
  const taskId = taskIdOf(scene);
  try {
    await oz.assign(assignment({ ...images, task_id: taskId, env_vars: { OZ_TEST_SCRIPT: scene.script } }));
    if (scene.cancelAfterOutput) {
      await Promise.race([firstOutput(taskId), oz.waitForResult(taskId, STEP_LIMIT_MS)]);
      await Bun.sleep(1500);
      await oz.cancel(taskId);
    }
    const received = await oz.waitForResult(taskId, STEP_LIMIT_MS);
    const wrong = differences(scene, received);
    const text = `${received.type}: ${String(received.data.message)}`;
    return { name: scene.name, text: [text, ...wrong].join("; "), asExpected: wrong.length === 0 };
  } catch (thrown) {
    return { name: scene.name, text: thrown instanceof Error ? thrown.message : String(thrown), asExpected: false };
  }
}

function taskIdOf(scene: Scene): string {
  return `demo-${scene.name}`;
}
