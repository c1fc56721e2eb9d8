import { expect, test } from "bun:test";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const BIOME = resolve("node_modules/.bin/biome");

/** What the linter says of files with these texts, by the rules of this project. */
async function lint(files: readonly (readonly [path: string, text: string, ...unknown[]])[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "lint-"));
  try {
    for (const path of ["biome.json", "scripts/gate/system-time.grit"]) await cp(path, join(folder, path));
    for (const [path, text] of files) await Bun.write(join(folder, path), text);
    const child = Bun.spawn(
      [BIOME, "lint", "--colors=off", "--vcs-enabled=false", "--max-diagnostics=none", "--diagnostic-level=error"],
      { cwd: folder, stdin: "ignore", stdout: "pipe", stderr: "pipe" },
    );
    const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    await child.exited;
    return stdout + stderr;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const importing = (from: string) => `import { a } from "${from}";\nexport const b = a;\n`;
const CLOCK = "Time comes from the injected clock";

const REFUSED = [
  ["src/task/a.ts", importing("../docker/open-docker.ts"), "task may import only: protocol, support"],
  ["src/task/b.ts", importing("../a-new-room/a.ts"), "closed until it is named"],
  ["src/docker/engine/c.ts", importing("../container/run-container.ts"), "docker/engine may import only: support"],
  ["src/docker/records/d.ts", importing("../../control-plane/oz-link.ts"), "docker/records may import only"],
  ["src/compose-worker.ts", importing("./docker/engine/engine.ts"), "docker has two doors"],
  ["src/doctor/r.ts", importing("../docker/open-docker.ts"), "doctor may import only"],
  ["src/cli/s.ts", importing("../doctor/examine.ts"), "cli may import only"],
  ["src/docker/examine/t.ts", importing("../open-docker.ts"), "docker/examine may import only"],
  ["src/worker/e.ts", "export const a = setTimeout(() => {}, 1);\n", CLOCK],
  ["src/worker/f.ts", "export const a = Date.now();\n", CLOCK],
  ["src/docker/images/g.ts", "export const a = new Date();\n", CLOCK],
  ["src/docker/images/h.ts", "export const a = Bun.sleep(5);\n", CLOCK],
  ["src/config/i.ts", "export const a = performance.now();\n", CLOCK],
  ["src/config/l.ts", "export const a = new Date;\n", CLOCK],
  ["src/config/m.ts", "export const a = Date();\n", CLOCK],
  ["src/host/n.ts", "export const a = globalThis.setTimeout(() => {}, 1);\n", CLOCK],
  ["src/host/o.ts", `import { setTimeout as wait } from "node:timers/promises";\nexport const a = wait(1);\n`, CLOCK],
  ["src/host/p.ts", `import { performance as p } from "node:perf_hooks";\nexport const a = p.now();\n`, CLOCK],
  ["src/a-new-room/q.ts", importing("../docker/reaper.ts"), "closed until it is named"],
] as const;
const TAKEN = [
  ["src/docker/container/j.ts", importing("../records/labels.ts")],
  ["src/doctor/u.ts", importing("../docker/open-examination.ts")],
  ["src/cli/v.ts", importing("../doctor/finding.ts")],
  ["src/daemon.ts", importing("./docker/open-docker.ts")],
  ["src/support/clock.ts", "export const a = setTimeout(() => {}, Date.now());\n"],
  ["src/task/k.ts", "export const a = (text: string) => Date.parse(text) + new Date(5).getTime();\n"],
] as const;

test("the linter keeps imports and the system's time where they belong", async () => {
  const said = (await lint([...REFUSED, ...TAKEN])).split(/^(?=\S+\.ts:\d)/m);
  const of = (path: string) => said.filter((part) => part.startsWith(`${path}:`)).join("");
  for (const [path, , reason] of REFUSED) expect(of(path)).toContain(reason);
  for (const [path] of TAKEN) expect(of(path)).toBe("");
});
