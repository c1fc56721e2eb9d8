import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { WorkerFixture } from "../support/worker-fixture.ts";

const MEBIBYTE = 1024 ** 2;
let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start("output");
});
afterAll(() => fixture.close());

test("the tail of a failed task is in the log, both streams in order and without Docker's frames", async () => {
  const script = `for i in 1 2 3; do echo "out $i"; sleep 0.1; echo "err $i" >&2; sleep 0.1; done; printf 'no line end'; exit 4`;
  const from = fixture.worker.lines.length;
  const { taskId } = await fixture.run(script);
  await fixture.worker.waitForLine(/no line end/, 5_000, from);
  const lines = outputLines(taskId);
  const expected = ["out 1", "err 1", "out 2", "err 2", "out 3", "err 3", "no line end"];
  expect(lines.map((line) => /line="?([^"]*)"?$/.exec(line)?.[1])).toEqual(expected);
});

test("a task that succeeds leaves no output in the log", async () => {
  const { taskId } = await fixture.run("echo quiet-please");
  await fixture.untilCleared(taskId);
  expect(fixture.worker.lines.join("\n")).not.toContain("quiet-please");
});

test("120 MB of output cost neither time nor memory, and a bounded tail", async () => {
  const script = `yes 0123456789012345678901234567890123456789 | head -c 120000000; echo last-out; exit 9`;
  const bareMs = await bareRunMs(script);

  const before = await residentBytes();
  let peak = before;
  const sampling = setInterval(async () => {
    peak = Math.max(peak, await residentBytes());
  }, 25);
  const startedAt = performance.now();
  const { data, taskId } = await fixture.run(script, {}, 55_000);
  const tookMs = performance.now() - startedAt;
  await fixture.untilCleared(taskId);
  clearInterval(sampling);
  console.log(
    `120 MB: ${Math.round(tookMs)} ms, Docker alone ${Math.round(bareMs)} ms; ` +
      `${((peak - before) / MEBIBYTE).toFixed(1)} MiB more memory`,
  );

  expect(data).toMatchObject({ failure_reason: "container_exit", exit_code: 9 });
  // Preparing a task takes its time too, and the machine may be busy.
  expect(tookMs).toBeLessThan(2 * bareMs + 3_000);
  expect(peak - before).toBeLessThan(100 * MEBIBYTE);
  const lines = outputLines(taskId);
  expect(lines.length).toBeLessThanOrEqual(300);
  expect(lines.at(-1)).toEndWith("last-out");
}, 120_000);

test("a long last line is cut, and that is said", async () => {
  const { taskId } = await fixture.run("echo first; head -c 300000 /dev/zero | tr '\\0' x; echo the-reason; exit 1");
  await fixture.worker.waitForLine(/the-reason/);
  const lines = outputLines(taskId);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toContain("(1 earlier line left out)");
  expect(lines[1]).toMatch(/line="\(start of the line left out\) …x{490}the-reason"$/);
});

test("how many lines came before the shown ones is said", async () => {
  const { taskId } = await fixture.run("seq 1 250; echo the-last; exit 1");
  await fixture.worker.waitForLine(/the-last/);
  expect(outputLines(taskId)[0]).toContain("(151 earlier lines left out)");
  expect(outputLines(taskId)[1]).toEndWith("line=152");

  const many = await fixture.run("seq 1 3000; echo the-very-last; exit 1");
  await fixture.worker.waitForLine(/the-very-last/);
  expect(outputLines(many.taskId)[0]).toContain("(at least 900 earlier lines left out)");
  expect(outputLines(many.taskId)).toHaveLength(101);
});

test("a line without an end is cut", async () => {
  const { taskId } = await fixture.run("head -c 5000000 /dev/zero | tr '\\0' x; echo; echo the-end; exit 1");
  await fixture.worker.waitForLine(/the-end/);
  const lines = outputLines(taskId);
  expect(lines.join("").length).toBeLessThan(100_000);
});

test("binary output, escape sequences and line breaks of other systems make no line of their own", async () => {
  const from = fixture.worker.lines.length;
  const script = `printf 'a\\033[2Jb\\rfaked INFO\\000\\377\\376\\nthe-tail\\n'; exit 1`;
  await fixture.run(script);
  await fixture.worker.waitForLine(/the-tail/, 5_000, from);
  const said = fixture.worker.lines.slice(from);
  for (const line of said) {
    expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z (DEBUG|INFO|WARN|ERROR) /);
    expect(line).not.toMatch(/\p{Cc}/u);
  }
});

function outputLines(taskId: string): readonly string[] {
  return fixture.worker.lines.filter((line) => / output /.test(line) && line.includes(taskId));
}

async function residentBytes(): Promise<number> {
  const status = await readFile(`/proc/${fixture.worker.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

/** What Docker needs for the same without a worker. */
async function bareRunMs(script: string): Promise<number> {
  const { docker, name } = fixture.environment;
  await docker.pull(fixture.image).then((stream) => new Promise((resolve) => stream.resume().on("end", resolve)));
  const startedAt = performance.now();
  const container = await docker.createContainer({
    Image: fixture.image,
    Cmd: ["sh", "-c", script],
    name: name(`bare-${crypto.randomUUID().slice(0, 8)}`),
  });
  try {
    await container.start();
    await container.wait();
    return performance.now() - startedAt;
  } finally {
    await container.remove({ force: true });
  }
}
