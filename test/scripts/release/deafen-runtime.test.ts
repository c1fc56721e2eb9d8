import { expect, test } from "bun:test";
import { deafenRuntime } from "../../../scripts/release/deafen-runtime.ts";

const NAMES = [
  "BUN_BE_BUN",
  "BUN_OPTIONS",
  "BUN_INSPECT",
  "BUN_INSPECT_CONNECT_TO",
  "BUN_INSPECT_PRELOAD",
  "JSC_functionOverrides",
  "JSC_configFile",
];
const runtimeWith = (names: readonly string[]) => Buffer.from(`ELF\0${names.join("\0")}\0BUN_BE_BUNNY, BUN_OPTIONS\0`);

test("each name ends where it begins, and nothing else is changed", () => {
  const runtime = runtimeWith(NAMES);
  const deafened = deafenRuntime(runtime);
  expect(Buffer.from(deafened instanceof Uint8Array ? deafened : []).toString()).toBe(
    "ELF\0\0UN_BE_BUN\0\0UN_OPTIONS\0\0UN_INSPECT\0\0UN_INSPECT_CONNECT_TO\0\0UN_INSPECT_PRELOAD\0" +
      "JSC_\0unctionOverrides\0JSC_\0onfigFile\0BUN_BE_BUNNY, BUN_OPTIONS\0",
  );
  expect(runtime).toEqual(runtimeWith(NAMES));
});

test.each(NAMES)("a runtime without %s, or with two, is a problem that names it", (name) => {
  const problem = { problem: expect.stringContaining(`exactly one ${name},`) };
  expect(deafenRuntime(runtimeWith(NAMES.filter((other) => other !== name)))).toEqual(problem);
  expect(deafenRuntime(runtimeWith([...NAMES, name]))).toEqual(problem);
});
