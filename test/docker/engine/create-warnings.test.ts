import { expect, test } from "bun:test";
import { createWarningLog } from "../../../src/docker/engine/create-warnings.ts";
import { createContainer, NO_COMMAND, removeContainer } from "../../../src/docker/engine/engine-objects.ts";
import { recordedLog } from "../../support/recorded-log.ts";
import { RecordsScene } from "../records/records-scene.ts";

test("what the daemon warns of at a create is told once, with the task that it befell first", async () => {
  await using scene = new RecordsScene();
  const { engine, workerId } = scene;
  const { reference } = await scene.image();
  const log = recordedLog();
  const take = createWarningLog(log);
  const warnings: string[] = [];
  for (const task of ["first", "second"]) {
    // Without a limit of memory the daemon warns of this.
    const body = { Image: reference, Cmd: NO_COMMAND, HostConfig: { OomKillDisable: true } };
    const id = await createContainer(engine, `${workerId}-${task}`, body, undefined, (said) => {
      warnings.push(...said);
      take(said, task);
    });
    await removeContainer(engine, id);
  }
  // Of this machine's kernel it may warn as well.
  const isOurs = (text: string) => /OOM killer/i.test(text);
  expect(warnings.filter(isOurs)).toHaveLength(2);
  const lines = log.lines.filter(({ fields }) => isOurs(String(fields.said)));
  expect(lines.map(({ level, fields }) => [level, fields.task])).toEqual([["warn", "first"]]);
  expect(log.lines).toHaveLength(new Set(warnings).size);
});

test("figures make no kind of their own; kinds, and what is shown of one, are bounded, and it is one line", () => {
  const log = recordedLog();
  const take = createWarningLog(log);
  take(["Memory limited to 1 MB", "", "two\nlines"], "a");
  take(["Memory limited to 27 MB"], "b");
  expect(log.lines.map(({ fields }) => fields.said)).toEqual(["Memory limited to 1 MB", "two\\nlines"]);
  const kinds = Array.from({ length: 1000 }, (_, index) => `${"x".repeat(index)}${"long ".repeat(200)}`);
  take(kinds, "c");
  expect(log.lines.length).toBeLessThanOrEqual(500);
  expect(log.lines.every(({ fields }) => String(fields.said).length <= 301)).toBe(true);
});
