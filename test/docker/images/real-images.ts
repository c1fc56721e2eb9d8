import { PassThrough } from "node:stream";
import { createEngine, type Engine } from "../../../src/docker/engine/engine.ts";
import { createEngineWatch } from "../../../src/docker/engine/engine-watch.ts";
import { createImages, type Images, type ImagesOptions } from "../../../src/docker/images/images.ts";
import { type Clock, systemClock } from "../../../src/support/clock.ts";
import { type Change, changedEngine } from "../../support/changed-engine.ts";
import { testEnvironment } from "../../support/environment.ts";
import { machineArchitecture } from "../../support/push-image.ts";
import { type RecordedLog, recordedLog } from "../../support/recorded-log.ts";

export interface RealImages {
  readonly images: Images;
  readonly log: RecordedLog;
  /** How often the engine has been sent to a registry, or been asked what is here. */
  asked(): { readonly registry: number; readonly here: number };
  /** What the engine has said of its pulls. */
  said(): string;
}

/** The images of the real daemon, without logins unless told otherwise; a test may change what the daemon is asked. */
export function realImages(options: Partial<ImagesOptions> = {}, change: Change = () => undefined): RealImages {
  const { engine: changed, requests } = changedEngine(createEngine(testEnvironment().docker.modem), change);
  let said = "";
  const engine: Engine = {
    ...changed,
    async open(request) {
      const stream = await changed.open(request);
      stream.on("data", (chunk) => {
        said += String(chunk);
      });
      return stream.pipe(new PassThrough()).on("close", () => stream.destroy());
    },
  };
  const log = recordedLog();
  const clock: Clock = options.clock ?? systemClock;
  const count = (pattern: RegExp) => requests.filter((request) => pattern.test(request)).length;
  return {
    log,
    asked: () => ({ registry: count(/^POST \/images\/create/), here: count(/^GET \/images\//) }),
    said: () => said,
    images: createImages({
      engine,
      watch: createEngineWatch(engine, systemClock, log),
      platform: { os: "linux", architecture: machineArchitecture() },
      pullPolicy: () => "Always",
      credentials: async () => ({}),
      log,
      ...options,
      clock,
    }),
  };
}
