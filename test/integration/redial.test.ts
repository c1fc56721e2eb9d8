import { expect, test } from "bun:test";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HandshakeAnswer } from "../support/oz-events.ts";
import { WorkerFixture } from "../support/worker-fixture.ts";
import { startWorker } from "../support/worker-process.ts";

/** A worker whose Oz gives this answer from the first dial on. */
async function startRefused(name: string, answer: HandshakeAnswer): Promise<WorkerFixture> {
  const fixture = await WorkerFixture.start(name, { started: false });
  fixture.oz.answerWith(answer);
  fixture.startWorker();
  return fixture;
}

test.concurrent("a 503 slows the dialling down, with jitter, and says 503; afterwards the worker works", async () => {
  await using fixture = await startRefused("busy", { kind: "refuse", status: 503, body: "not now" });
  const { oz, worker } = fixture;
  expect(await worker.waitForLine(/Cannot connect to Oz/)).toMatch(/503/);
  await oz.waitFor("four dials", () => oz.refusals[3], 20_000);
  const times = oz.refusals.map(({ atMs }) => atMs);
  const gaps = [1, 2, 3].map((n) => (times[n] ?? Number.NaN) - (times[n - 1] ?? Number.NaN));
  for (const [index, gap] of gaps.entries()) {
    const planned = 1_000 * 2 ** index;
    expect(gap).toBeGreaterThan(planned * 0.75);
    // What a dial and the question for its reason take comes on top.
    expect(gap).toBeLessThan(planned * 1.25 + 600);
  }
  await worker.waitForLine(/503.*next try in [6-9]\./);
  const delays = worker.lines.flatMap((line) => /next try in ([\d.]+) s/.exec(line)?.[1] ?? []);
  expect(delays.slice(0, 4)).not.toEqual(["1.0", "2.0", "4.0", "8.0"]);

  oz.answerWith({ kind: "accept" });
  await oz.waitForLink(15_000);
  expect((await fixture.run("exit 0")).type).toBe("task_completed");
}, 60_000);

test.concurrent("a 401 names the API key and never shows it; a 403 and a 404 say what to do", async () => {
  for (const [status, words] of [
    [401, /401.*API key.*WARP_API_KEY/],
    [403, /403.*WARP_API_KEY/],
    [404, /404.*the address of Oz/],
  ] as const) {
    await using fixture = await startRefused(`refused-${status}`, { kind: "refuse", status });
    await fixture.worker.waitForLine(words);
    expect(fixture.worker.lines.join("\n")).not.toContain(fixture.oz.apiKey);
    // It is no reason to end: a key can be made valid again.
    fixture.oz.answerWith({ kind: "accept" });
    await fixture.oz.waitForLink();
  }
});

test.concurrent("a key in a file is read again before each dial, and neither it nor the one of before is shown", async () => {
  const path = join(tmpdir(), `oz-agent-worker-key-${crypto.randomUUID()}`);
  await writeFile(path, "wk-an-old-key-1234567890\n");
  try {
    await using fixture = await WorkerFixture.start("key-file", { started: false });
    const { oz, environment } = fixture;
    await using worker = startWorker({
      args: [...oz.flags(), "--log-level", "debug"],
      env: { WARP_API_KEY_FILE: path, DOCKER_HOST: environment.dockerHost },
    });
    await worker.waitForLine(/ERROR Cannot connect to Oz .*401/);
    await writeFile(path, `${oz.apiKey}\n`);
    await worker.waitForLine(/listening for tasks/, 15_000);
    expect(await fixture.run("exit 0")).toMatchObject({ type: "task_completed" });
    for (const key of ["an-old-key-1234567890", oz.apiKey]) expect(worker.lines.join("\n")).not.toContain(key);
    worker.kill("SIGTERM");
    expect((await worker.exited).code).toBe(0);
  } finally {
    await rm(path);
  }
});

test.concurrent("a server that accepts and closes is not dialled in a hot loop", async () => {
  await using fixture = await startRefused("flapping", { kind: "accept-then-close", code: 1011, reason: "sorry" });
  const { oz, worker } = fixture;
  await worker.waitForLine(/code 1011: "?sorry/);
  await Bun.sleep(6_000);
  // 1 s, 2 s, 4 s: the third dial is due after 3 s, the fourth after 7 s.
  expect(oz.openedLinks).toBeLessThanOrEqual(4);
  expect(oz.openedLinks).toBeGreaterThanOrEqual(2);
  oz.answerWith({ kind: "accept" });
  await oz.waitForLink(15_000);
  expect((await fixture.run("exit 0")).type).toBe("task_completed");
});

test.concurrent("nobody listens: says so, and finds Oz when it comes", async () => {
  await using fixture = await WorkerFixture.start("absent", { started: false });
  await fixture.oz.goAway();
  fixture.startWorker();
  await fixture.worker.waitForLine(/refused/);
  fixture.oz.comeBack();
  await fixture.oz.waitForLink();
  await fixture.worker.waitForLine(/Connected to Oz/);
  const listening = await fixture.worker.waitForLine(/listening for tasks/);
  expect(listening).toContain(fixture.workerId);
});
