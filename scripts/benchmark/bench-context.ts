import { taskContainerBody } from "../../src/docker/container/task-container.ts";
import { LABELS } from "../../src/docker/records/labels.ts";
import { buildTaskSpec } from "../../src/task/build-task-spec.ts";
import { type AssignmentParts, assignment } from "../../test/support/assignment-builder.ts";
import type { PushedImage } from "../../test/support/push-image.ts";
import { readAssignment } from "../../test/support/read-assignment.ts";
import type { RunningEnvironment } from "../environment/start-environment.ts";
import type { BareEngine } from "./bare-engine.ts";
import type { BenchWorker } from "./bench-worker.ts";

/** What the measurements share. */
export interface BenchContext {
  readonly environment: RunningEnvironment;
  readonly bare: BareEngine;
  /** The task image and the sidecar at `/agent`. */
  readonly agent: PushedImage;
  readonly sidecar: PushedImage;
  /** The one worker that most measurements use; started at the first call. */
  worker(): Promise<BenchWorker>;
  /** A worker of its own; ended with the benchmark where it still runs. */
  freshWorker(name: string): Promise<{ readonly worker: BenchWorker; readonly startMs: number }>;
  /** How often to measure, where `usual` is the usual number. */
  rounds(usual: number): number;
  /** Says how far a measurement is. */
  say(line: string): void;
  readonly interruption: AbortSignal;
}

/** An assignment of the shared images. */
export function simpleTask(context: BenchContext, script = "exit 0"): AssignmentParts {
  return {
    docker_image: context.agent.reference,
    sidecar_image: context.sidecar.reference,
    env_vars: { OZ_TEST_SCRIPT: script },
  };
}

/**
 * The body of the very container that the worker makes of an assignment, with the sidecars that it has published: they
 * must be there already. Only the labels are the benchmark's own.
 */
export async function bareBody(context: BenchContext, parts: AssignmentParts): Promise<object> {
  const frame = JSON.stringify({ type: "task_assignment", data: assignment(parts) });
  const options = { serverRootUrl: "http://127.0.0.1:1", volumes: [], environment: [] };
  const planned = buildTaskSpec(readAssignment(frame), options);
  if (planned.kind === "failed") throw new Error(`the benchmark's assignment is refused: ${planned.detail}`);
  const { spec } = planned;
  const sidecars = await Promise.all(
    spec.sidecars.map(async ({ image, mountPath }) => {
      const content = await publishedContent(context.bare, image);
      const common = { Target: mountPath, ReadOnly: true };
      return content === undefined
        ? { Type: "image", Source: await context.bare.imageId(image), ...common }
        : { Type: "volume", Source: content.volume, VolumeOptions: { NoCopy: true }, ...common };
    }),
  );
  const body = taskContainerBody({ spec, labels: {}, sidecars });
  return { ...body, Labels: { "oz-bench.run": context.environment.run } };
}

/** Where a worker keeps the content of a sidecar image; `undefined` where it mounts the image itself. */
export async function publishedContent(
  bare: BareEngine,
  image: string,
): Promise<{ readonly placeholder: string; readonly volume: string } | undefined> {
  const found = (await bare.containersWith(`${LABELS.imageId}=${await bare.imageId(image)}`))[0];
  return found && { placeholder: found.id, volume: found.label(LABELS.volume) };
}
