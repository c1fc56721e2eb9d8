import { checkHealth } from "../../src/operator/check-health.ts";

/** What the probe is to ask, and how often. */
export interface ProbeRequest {
  readonly workerId: string;
  readonly dockerSocket: string;
  readonly everyMs: number;
}

/** One answer. */
export interface ProbeAnswer {
  readonly line: string;
  readonly ms: number;
}

declare const self: Worker;

// A thread of its own: what the test's own thread is busy with must not count as the worker's time.
self.onmessage = async ({ data }: MessageEvent<ProbeRequest>) => {
  const { workerId, dockerSocket, everyMs } = data;
  for (;;) {
    const start = performance.now();
    const { line } = await checkHealth({ workerId, dockerSocket });
    const answer: ProbeAnswer = { line, ms: performance.now() - start };
    postMessage(answer);
    await Bun.sleep(everyMs);
  }
};
