import { describe, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Batch, planBatches } from "../../scripts/gate/batches.ts";
import { runBatches } from "../../scripts/gate/run-batches.ts";
import { addVerdicts } from "../../scripts/gate/test-verdict.ts";
import { testEnvironment } from "../support/environment.ts";

const PASSING = `import { expect, test } from "bun:test";\ntest("a", () => expect(1).toBe(1));\n`;
const FAILING = `import { expect, test } from "bun:test";\ntest("the bad one", () => expect(1).toBe(2));\n`;

describe("planBatches", () => {
  test("puts every test file of this project into one batch", async () => {
    const files = await Array.fromAsync(new Bun.Glob("test/**/*.test.ts").scan("."));
    const { alone, beside } = planBatches(files);
    expect([...alone, ...beside].flatMap((batch) => batch.files).toSorted()).toEqual(files.toSorted());
    expect(alone.length).toBeGreaterThan(5);
    expect(beside.length).toBeGreaterThan(20);
  });

  test("lets what measures be alone, slow files be batches, and begins with those", () => {
    const files = ["test/cli/a.test.ts", "test/cli/b.test.ts", "test/integration/links.test.ts"];
    expect(planBatches([...files, "test/integration/claims.test.ts"])).toEqual({
      alone: [{ name: "test/integration/claims.test.ts", files: ["test/integration/claims.test.ts"] }],
      beside: [
        { name: "test/integration/links.test.ts", files: ["test/integration/links.test.ts"] },
        { name: "test/cli", files: ["test/cli/a.test.ts", "test/cli/b.test.ts"] },
      ],
    });
  });
});

describe("runBatches", () => {
  async function inLanes(texts: Readonly<Record<string, string>>, lanes: number, interruption: AbortSignal) {
    const folder = await mkdtemp(join(tmpdir(), "batches-"));
    const said: string[] = [];
    try {
      const batches: Batch[] = [];
      for (const [name, text] of Object.entries(texts)) {
        await writeFile(join(folder, `${name}.test.ts`), text);
        batches.push({ name, files: [`${name}.test.ts`] });
      }
      const taken = join(folder, "taken");
      await mkdir(taken);
      const verdicts = await Promise.all(
        Array.from({ length: lanes }, async (_, lane) => {
          const own = join(folder, `lane-${lane}`);
          await mkdir(own);
          const environment = { ...testEnvironment(), folder: own, stop: async () => [] };
          return runBatches(environment, batches, taken, (line) => said.push(line), interruption, folder);
        }),
      );
      return { verdicts, all: verdicts.reduce(addVerdicts), said: said.join("\n") };
    } finally {
      await rm(folder, { recursive: true });
    }
  }
  const never = new AbortController().signal;

  test("shares batches among lanes, each once, and shows the output of those that fail", async () => {
    const { verdicts, all, said } = await inLanes({ good: PASSING, bad: FAILING, fine: PASSING }, 2, never);
    expect(all).toEqual({ passed: 2, failed: 1, problems: [] });
    expect(verdicts.every(({ passed, failed }) => passed + failed > 0)).toBe(true);
    expect(said).toContain("the bad one");
    expect(said).toMatch(/^FAILED bad: 0 passed, 1 failed in [\d.]+ s$/m);
    expect(said).toMatch(/^passed good: 1 passed in [\d.]+ s$/m);
  });

  test("counts a file that cannot be loaded as a failure", async () => {
    const { all } = await inLanes({ broken: `import "./missing.ts";\n${PASSING}` }, 1, never);
    expect([all.passed, all.failed]).toEqual([0, 1]);
  });

  test("runs nothing once it is interrupted", async () => {
    const { all, said } = await inLanes({ good: PASSING }, 2, AbortSignal.abort());
    expect([all.passed, all.failed, said]).toEqual([0, 0, ""]);
  });
});
