import { describe, expect, test } from "bun:test";
import { executionLabels, LABELS } from "../../../src/docker/records/labels.ts";
import { randomToken } from "../../../src/docker/records/object-names.ts";
import { createSeals } from "../../../src/docker/records/seals.ts";

const KEY = "wk-a-team-key-0123456789";
const seals = createSeals(KEY);
const maker = { workerId: "w", owner: "{}", now: () => 1 };
const labels = executionLabels("claim", maker, { taskId: "t", executionId: "e" }, randomToken());
const sealed = seals.seal("name", labels);

describe("a seal", () => {
  test("holds for its name and its labels, for everybody who has the key, and whatever labels come on top", () => {
    expect(createSeals(KEY).stateOf("name", sealed)).toBe("sealed");
    expect(seals.stateOf("name", { ...sealed, "com.docker.compose.project": "x", [LABELS.volume]: "v" })).toBe(
      "sealed",
    );
  });

  test("is broken under another name, and with any label changed, added or taken away", () => {
    expect(seals.stateOf("names", sealed)).toBe("broken");
    for (const label of Object.keys(labels)) {
      const { [label]: _, ...without } = sealed;
      expect([label, seals.stateOf("name", without)]).toEqual([label, "broken"]);
      expect([label, seals.stateOf("name", { ...sealed, [label]: `${sealed[label]} ` })]).toEqual([label, "broken"]);
    }
    expect(seals.stateOf("name", { ...sealed, [LABELS.kind]: "task" })).toBe("broken");
    expect(seals.stateOf("name", { ...sealed, [LABELS.kind]: "constructor" })).toBe("broken");
  });

  test("does not move a part of one label into the next", () => {
    const moved = { ...sealed, [LABELS.taskId]: "te", [LABELS.executionId]: "" };
    expect(seals.stateOf("name", moved)).toBe("broken");
  });

  test("of another key, or none, says nothing", () => {
    expect(createSeals("wk-another").stateOf("name", sealed)).toBe("strange");
    for (const seal of ["", "x", "0".repeat(41), sealed[LABELS.seal]?.slice(1) ?? ""]) {
      expect(seals.stateOf("name", { ...sealed, [LABELS.seal]: seal })).toBe("strange");
    }
    expect(seals.stateOf("name", labels)).toBe("strange");
  });

  test("and the tags of names show nothing of the key", () => {
    const shown = [sealed[LABELS.seal], seals.tag("a"), seals.tag("b")].join();
    expect(shown).not.toContain(KEY);
    expect(shown).toMatch(/^[0-9a-f]{8}\.[0-9a-f]{32}(,[0-9a-f]{16}){2}$/);
    expect(seals.tag("a")).toBe(createSeals(KEY).tag("a"));
    expect(seals.tag("a")).not.toBe(createSeals("wk-another").tag("a"));
  });
});

test("what has no seal cannot be given one", () => {
  expect(() => seals.seal("name", { ...labels, [LABELS.kind]: "done" })).toThrow("no seal");
});
