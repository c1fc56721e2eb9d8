import { describe, expect, test } from "bun:test";
import { EngineError } from "../../../src/docker/engine/engine-error.ts";
import { enginePath } from "../../../src/docker/engine/engine-path.ts";

describe("what is filled into a path", () => {
  test.each([
    ["abc", "/containers/abc/json"],
    ["sha256:0a", "/containers/sha256:0a/json"],
    ["%zz", "/containers/%25zz/json"],
    ["x/export?x=", "/containers/x%2Fexport%3Fx%3D/json"],
    ["../secrets", "/containers/..%2Fsecrets/json"],
    ["a#b c\n", "/containers/a%23b%20c%0A/json"],
  ])("%p is one segment", (text, expected) => {
    expect<string>(enginePath`/containers/${text}/json`).toBe(expected);
  });

  test("a list is a segment each, as the name of an image is", () => {
    const name = "registry.example:5000/team/app:1?";
    expect<string>(enginePath`/images/${name.split("/")}/json`).toBe(
      "/images/registry.example:5000/team/app:1%3F/json",
    );
  });

  test.each(["", ".", ".."])("%p is refused: it would lead elsewhere", (text) => {
    expect(() => enginePath`/containers/${text}/json`).toThrow(EngineError);
    expect(() => enginePath`/images/${["a", text, "b"]}/json`).toThrow(EngineError);
  });
});

test("a path without any is as it is written", () => {
  expect<string>(enginePath`/_ping`).toBe("/_ping");
});
