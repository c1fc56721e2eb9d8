import { afterAll, beforeAll, expect, test } from "bun:test";
import { LABELS } from "../../src/docker/records/labels.ts";
import { CreationWatch } from "../support/daemon-events.ts";
import { WorkerFixture } from "../support/worker-fixture.ts";

let fixture: WorkerFixture;
let creations: CreationWatch;
beforeAll(async () => {
  fixture = await WorkerFixture.start("ids");
  creations = await CreationWatch.start(fixture.environment.dockerHost);
});
afterAll(async () => {
  creations.close();
  await fixture.close();
});

const IDS: readonly (readonly [string, string])[] = [
  ["slashes", "team/../../etc/passwd"],
  ["quotes", `'"\`$(touch /tmp/x)\\"`],
  ["non-ASCII", "zażółć-日本語-🚀"],
  ["as many characters as it may have", "x".repeat(256)],
  ["only what names cannot have", "///"],
  ["a flag", "--privileged"],
  ["a label filter", "a=b,c"],
  ["space around", "  padded  "],
];

for (const [name, taskId] of IDS) {
  test(`${name}: the task gets it as it is, names do not`, async () => {
    const from = fixture.worker.lines.length;
    const script = `test "$TASK_ID" = "$EXPECTED" || exit 5; case " $* " in *" $EXPECTED "* | *"=$EXPECTED "*) ;; *) exit 6 ;; esac`;
    const { type, data } = await fixture.run(script, { task_id: taskId, env_vars: { EXPECTED: taskId } });
    expect({ type, data }).toMatchObject({ type: "task_completed", data: { task_id: taskId } });
    const container = await creations.waitFor(({ labels }) => labels[LABELS.taskId] === taskId);
    expect(container.name).toMatch(/^oz-task-[A-Za-z0-9_.-]{1,120}$/);
    for (const label of Object.keys(container.labels)) expect(label).toMatch(/^[a-z.-]+$/);
    for (const line of fixture.worker.lines.slice(from)) {
      expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z (DEBUG|INFO|WARN|ERROR) /);
      expect(line).not.toMatch(/[\p{Cc}\u202e]/u);
    }
  });
}

test("ids that look alike in a name have containers of their own", async () => {
  const tasks = ["a/b", "a b", "a:b"].map((task_id) => fixture.task("exit 0", { task_id }));
  for (const task of tasks) await fixture.oz.assign(task);
  for (const { task_id } of tasks) {
    expect((await fixture.oz.waitForResult(task_id)).type).toBe("task_completed");
  }
});

test("an id that would break a line, or is beyond all measure, is skipped, and neither shown nor answered", async () => {
  const { oz, worker } = fixture;
  const odd = ["first\r\nsecond\nINFO faked=line", "\u001b[2J\u0007\u202e", "nul\0nul", "\ud800", "x".repeat(257)];
  const before = oz.received.length;
  const from = worker.lines.length;
  for (const task_id of odd) await oz.assign(fixture.task("exit 0", { task_id }));
  expect((await fixture.run("exit 0")).type).toBe("task_completed");
  expect(oz.received.length - before).toBe(2);
  const lines = worker.lines.slice(from);
  expect(lines.filter((line) => line.includes("without a usable task_id"))).toHaveLength(odd.length);
  expect(lines.join()).not.toMatch(/faked|x{200}|\u202e/);
});
