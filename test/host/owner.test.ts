import { describe, expect, test } from "bun:test";
import {
  currentOwner,
  decodeOwner,
  encodeOwner,
  type Owner,
  type OwnerContainerState,
  type OwnerState,
  ownerState,
  processStart,
} from "../../src/host/owner.ts";

const OWNER: Owner = {
  pid: 100,
  start: "5000",
  boot: "boot-a",
  pidNamespace: "pid:[1]",
  host: "alpha",
  machine: "machine-a",
};
const CONTAINER = { id: "c1".repeat(32), startedAt: "2025-01-02T03:04:05Z" };

/** A line of /proc/PID/stat; see proc(5). */
function stat(start: string, state = "S", name = "worker"): string {
  return `100 (${name}) ${state} ${Array.from({ length: 18 }, () => "0").join(" ")} ${start} 0 0`;
}

describe("the text of a label", () => {
  test("is read as it was written", () => {
    const owner = { ...OWNER, container: CONTAINER };
    expect(decodeOwner(encodeOwner(owner))).toEqual(owner);
    expect(decodeOwner(encodeOwner(currentOwner()))).toEqual(currentOwner());
  });
  test.each([undefined, "", "{", "null", "[]", '{"pid":"1"}'])("is none: %p", (label) => {
    expect(decodeOwner(label)).toBeUndefined();
  });
  test.each<[string, object]>([
    ["a container's id that is none", { container: { ...CONTAINER, id: "%zz" } }],
    ["a container's id that leads elsewhere", { container: { ...CONTAINER, id: "x/export?x=" } }],
    ["a short id", { container: { ...CONTAINER, id: "c1c1c1c1c1c1" } }],
    ["a pid that is none", { pid: -1 }],
    ["a pid that is a part of one", { pid: 1.5 }],
    ["a start that is no number", { start: "../1" }],
    ["a host of any length", { host: "h".repeat(10_000) }],
    ["anything of any length", { other: "x".repeat(1_000_000) }],
  ])("is none with %s", (_, changed) => {
    expect(decodeOwner(JSON.stringify({ ...OWNER, ...changed }))).toBeUndefined();
  });
});

describe("the start of a process", () => {
  test.each([
    ["plain", stat("5000"), "5000"],
    ["a name with spaces and parentheses", stat("5000", "R", "a) S 1 (b"), "5000"],
    ["a zombie has ended", stat("5000", "Z"), undefined],
    ["no such process", undefined, undefined],
  ])("%s", (_, text, expected) => {
    expect(processStart(100, () => text)).toBe(expected);
  });
  test("of this process is known", () => {
    expect(processStart(process.pid)).toMatch(/^\d+$/);
  });
});

describe("whether an owner lives", () => {
  interface Case {
    readonly owner?: Partial<Owner>;
    readonly self?: Partial<Owner>;
    readonly stat?: string;
    readonly exists?: boolean;
    readonly container?: OwnerContainerState;
    readonly state: OwnerState;
  }
  const other = { pid: 200, start: "9000" };
  const running = { running: true, startedAt: CONTAINER.startedAt };
  const cases: Record<string, Case> = {
    "it is this very process": { state: "alive" },
    "its process runs": { self: other, stat: stat("5000"), state: "alive" },
    "its process is gone": { self: other, state: "gone" },
    "its process is hidden from us": { self: other, exists: true, state: "unknown" },
    "its pid is another process's by now": { self: other, stat: stat("6000"), state: "gone" },
    "its process is a zombie": { self: other, stat: stat("5000", "Z"), state: "gone" },
    "another pid namespace of this boot": { self: { ...other, pidNamespace: "pid:[2]" }, state: "unknown" },
    "this machine was booted since": { self: { ...other, boot: "boot-b" }, stat: stat("5000"), state: "gone" },
    "another machine": { self: { boot: "boot-b", machine: "machine-b", host: "beta" }, state: "unknown" },
    "a machine with a copied machine id": { self: { boot: "boot-b", host: "beta" }, state: "unknown" },
    "another boot, no machine id": { owner: { machine: undefined }, self: { boot: "boot-b" }, state: "unknown" },
    "no boot is known": { owner: { boot: "" }, self: { ...other, boot: "" }, state: "unknown" },
    "its container runs": {
      owner: { container: CONTAINER },
      self: { boot: "boot-b", machine: "machine-b" },
      container: running,
      state: "alive",
    },
    "its container runs, its process in our namespace does not": {
      owner: { container: CONTAINER },
      self: other,
      container: running,
      state: "gone",
    },
    "its container was started again": {
      owner: { container: CONTAINER },
      self: other,
      container: { running: true, startedAt: "later" },
      stat: stat("5000"),
      state: "gone",
    },
    "its container has ended": {
      owner: { container: CONTAINER },
      self: { ...other, pidNamespace: "pid:[2]" },
      container: { running: false, startedAt: CONTAINER.startedAt },
      state: "gone",
    },
    "its container is gone": { owner: { container: CONTAINER }, self: { ...other, boot: "boot-b" }, state: "gone" },
  };
  test.each(Object.entries(cases))("%s", async (_, one) => {
    const { machine, ...rest } = { ...OWNER, ...one.owner };
    const owner: Owner = { ...rest, ...(machine === undefined ? {} : { machine }) };
    const self: Owner = { ...OWNER, ...one.self, machine: one.self?.machine ?? "machine-a" };
    const state = await ownerState(
      owner,
      self,
      async () => one.container,
      () => one.stat,
      () => one.exists ?? false,
    );
    expect(state).toBe(one.state);
  });

  test("a daemon that does not answer is no verdict", async () => {
    const owner = { ...OWNER, container: CONTAINER };
    const asked = ownerState(owner, { ...OWNER, ...other }, () => Promise.reject(new Error("away")));
    await expect(asked).rejects.toThrow("away");
  });
});
