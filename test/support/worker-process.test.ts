import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runWorker, startWorker } from "./worker-process.ts";

// A program in the worker's place: it prints, and ends as it is told.
const STAND_IN = `#!/bin/sh
echo "out"
echo "first $1" >&2
printf "secret=%s" "$WARP_API_KEY" >&2
[ "$1" = stay ] || exit 7
echo >&2
trap 'echo "got TERM" >&2; exit 3' TERM
while :; do sleep 0.05; done
`;
let folder = "";
const before = process.env.OZ_TEST_WORKER_BIN;
const key = process.env.WARP_API_KEY;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "worker-process-"));
  process.env.OZ_TEST_WORKER_BIN = join(folder, "worker");
  process.env.WARP_API_KEY = "not for the worker";
  await writeFile(join(folder, "worker"), STAND_IN, { mode: 0o755 });
});
afterAll(async () => {
  if (before === undefined) delete process.env.OZ_TEST_WORKER_BIN;
  else process.env.OZ_TEST_WORKER_BIN = before;
  if (key === undefined) delete process.env.WARP_API_KEY;
  else process.env.WARP_API_KEY = key;
  await rm(folder, { recursive: true });
});

test("runs to the end with a clean environment and gives all that was printed", async () => {
  expect(await runWorker({ args: ["go"] })).toEqual({ code: 7, stdout: "out\n", stderr: "first go\nsecret=" });
  const { stderr } = await runWorker({ args: ["go"], env: { WARP_API_KEY: "k" } });
  expect(stderr).toBe("first go\nsecret=k");
});

test("waits for lines and passes signals on", async () => {
  await using worker = startWorker({ args: ["stay"] });
  expect(await worker.waitForLine(/^first/)).toBe("first stay");
  expect(await worker.waitForLine(/^secret/)).toBe("secret=");
  await expect(worker.waitForLine(/^first/, 50, 1)).rejects.toThrow(/50 ms passed.*secret=/s);
  // The trap is set only after the last line that can be waited for.
  await Bun.sleep(100);
  worker.kill();
  expect(await worker.waitForLine(/TERM/)).toBe("got TERM");
  expect((await worker.exited).code).toBe(3);
  await expect(worker.waitForLine(/never/)).rejects.toThrow(/The worker ended/);
});

test("a worker that is disposed of is dead", async () => {
  let pid = 0;
  {
    await using worker = startWorker({ args: ["stay"] });
    pid = worker.pid;
    await worker.waitForLine(/^secret/);
  }
  expect(() => process.kill(pid, 0)).toThrow();
});
