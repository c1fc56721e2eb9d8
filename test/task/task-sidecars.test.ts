import { describe, expect, test } from "bun:test";
import { planSidecars } from "../../src/task/task-sidecars.ts";
import { assignmentOf } from "./assignments.ts";

const plan = (data: Readonly<Record<string, unknown>>, volumes: readonly string[] = []) =>
  planSidecars(assignmentOf(data), { volumes });
const sidecar = (image: string | null, mount_path: string | null, read_write?: boolean) => ({
  image,
  mount_path,
  ...(read_write === undefined ? {} : { read_write }),
});

describe("planSidecars", () => {
  test("mounts the agent's first and read-only, then the others in their order", () => {
    const additional_sidecars = [sidecar(" tools:1 ", "/opt/tools"), sidecar("cache:2", "/agent-cache", true)];
    expect(plan({ sidecar_image: " agent:1 ", additional_sidecars })).toEqual({
      kind: "ready",
      sidecars: [
        { image: "agent:1", mountPath: "/agent", readWrite: false },
        { image: "tools:1", mountPath: "/opt/tools", readWrite: false },
        { image: "cache:2", mountPath: "/agent-cache", readWrite: true },
      ],
    });
  });

  test("the operator's image takes the place of the assigned one, and never of none", () => {
    const own = { volumes: [], sidecarImage: "mirror/agent:2" };
    expect(planSidecars(assignmentOf({ sidecar_image: "agent:1" }), own)).toEqual({
      kind: "ready",
      sidecars: [{ image: "mirror/agent:2", mountPath: "/agent", readWrite: false }],
    });
    expect(planSidecars(assignmentOf({ sidecar_image: " " }), own)).toEqual({ kind: "ready", sidecars: [] });
  });

  test.each([null, "", " \n"])("sidecar_image %j is none, and leaves its path to others", (image) => {
    expect(plan({ sidecar_image: image, additional_sidecars: [sidecar("own:1", "/agent")] })).toEqual({
      kind: "ready",
      sidecars: [{ image: "own:1", mountPath: "/agent", readWrite: false }],
    });
  });

  test.each([
    ["/a", "/a"],
    ["/a/", "/a"],
    ["//a///b//", "/a/b"],
    ["/./a/./b/.", "/a/b"],
    [" /a ", "/a"],
    ["/a b", "/a b"],
    ["/a:b", "/a:b"],
    ["/..a/b..", "/..a/b.."],
    ["/ünï", "/ünï"],
  ])("the mount path %j is %j", (path, expected) => {
    expect(plan({ additional_sidecars: [sidecar("i", path)] })).toMatchObject({ sidecars: [{ mountPath: expected }] });
  });

  const refused: readonly [string | null, string | null, string][] = [
    [null, "/a", 'sidecar additional_sidecars[0]: the image is empty for the mount path "/a"'],
    [" ", "/a/", 'sidecar additional_sidecars[0]: the image is empty for the mount path "/a"'],
    ["", "", "sidecar additional_sidecars[0]: the image is empty"],
    ["i", null, 'sidecar additional_sidecars[0] ("i"): the mount path is empty'],
    ["i", "  ", 'sidecar additional_sidecars[0] ("i"): the mount path is empty'],
    ["i", "a/b", 'sidecar additional_sidecars[0] ("i"): the mount path "a/b" is not absolute'],
    ["i", "./a", 'sidecar additional_sidecars[0] ("i"): the mount path "./a" is not absolute'],
    ["i", "C:\\a", 'sidecar additional_sidecars[0] ("i"): the mount path "C:\\\\a" is not absolute'],
    ["i", "/", 'sidecar additional_sidecars[0] ("i"): the mount path is the root of the container'],
    ["i", "//./", 'sidecar additional_sidecars[0] ("i"): the mount path is the root of the container'],
    ["i", "/a/../agent", 'sidecar additional_sidecars[0] ("i"): the mount path "/a/../agent" holds a ".." segment'],
    ["i", "/..", 'sidecar additional_sidecars[0] ("i"): the mount path "/.." holds a ".." segment'],
    ["i", "/a\nb", 'sidecar additional_sidecars[0] ("i"): the mount path "/a\\nb" holds a control character'],
    ["i", "/a\0", 'sidecar additional_sidecars[0] ("i"): the mount path "/a\\u0000" holds a control character'],
  ];
  test.each(refused)("refuses image %j at %j", (image, path, problem) => {
    expect(plan({ additional_sidecars: [sidecar(image, path)] })).toEqual({ kind: "refused", problem });
  });

  test("refuses a repeated mount path, however it is written", () => {
    const additional_sidecars = [sidecar("a:1", "/x/y"), sidecar("b:1", "/x//y/")];
    expect(plan({ additional_sidecars })).toEqual({
      kind: "refused",
      problem:
        'sidecar additional_sidecars[1] ("b:1"): the mount path "/x/y" is that of additional_sidecars[0] already',
    });
    expect(plan({ sidecar_image: "agent:1", additional_sidecars: [sidecar("b:1", "/agent/")] })).toEqual({
      kind: "refused",
      problem: 'sidecar additional_sidecars[0] ("b:1"): the mount path "/agent" is that of sidecar_image already',
    });
  });

  test("one path inside of another, or beginning like it, is not a repetition", () => {
    const additional_sidecars = [sidecar("a", "/x"), sidecar("b", "/x/y"), sidecar("c", "/xy")];
    expect(plan({ additional_sidecars })).toMatchObject({ kind: "ready" });
  });

  test.each(["/host:/tools", "/host:/tools/:ro", "named:/opt/../tools:rw,z"])(
    "refuses the mount path of the worker's volume %j",
    (volume) => {
      expect(plan({ additional_sidecars: [sidecar("a:1", "/tools")] }, ["/h:/other", volume])).toEqual({
        kind: "refused",
        problem: `sidecar additional_sidecars[0] ("a:1"): the mount path "/tools" is that of the worker's volume "${volume}" already`,
      });
    },
  );

  test.each(["/tools:/other", "/tools", "broken"])("the volume %j is not in the way", (volume) => {
    expect(plan({ additional_sidecars: [sidecar("a:1", "/tools")] }, [volume])).toMatchObject({ kind: "ready" });
  });
});
