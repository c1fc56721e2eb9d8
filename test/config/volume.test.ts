import { describe, expect, test } from "bun:test";
import { parseVolume } from "../../src/config/volume.ts";

describe("a volume is taken", () => {
  const taken: [text: string, containerPath: string][] = [
    ["/opt/cache:/cache", "/cache"],
    ["/opt/cache:/cache:ro", "/cache"],
    ["/opt/cache:/cache/:rw,Z,rslave,cached", "/cache"],
    ["/:/host:ro", "/host"],
    ["/with space/x=1:/a b", "/a b"],
    ["named-vol_1.x:/data:nocopy,ro", "/data"],
    ["named:/data:z,delegated", "/data"],
    ["/a:/b/../c//d", "/c/d"],
    ["/a:/b:consistent", "/b"],
    ["/agent:/b", "/b"],
    ["agent:/agents", "/agents"],
    ["/a:/b/agent", "/b/agent"],
    ["/a:/agent/../b", "/b"],
    ["/a:/Agent", "/Agent"],
  ];
  test.each(taken)("%s", (text, containerPath) => {
    expect(parseVolume(text)).toEqual({ ok: true, value: { bind: text, containerPath } });
  });
});

describe("a volume is refused, by what is wrong with it", () => {
  const refused: [text: string, problem: string][] = [
    ["", "is empty"],
    ["/data", "has no container path"],
    ["/data:", "has no container path"],
    [":/data", "host path is missing"],
    ["./cache:/cache", "write the absolute path"],
    ["../cache:/cache", "write the absolute path"],
    ["cache/sub:/cache", "write the absolute path"],
    ["~/cache:/cache", "does not expand ~"],
    ['"/a:/b"', "stands in quotes"],
    ["'/a:/b:ro'", "stands in quotes"],
    ["-vol:/cache", "takes an absolute host path"],
    ["C:/cache", "two characters or more"],
    ["/a:b", "absolute container path"],
    ["/a: /b", "absolute container path"],
    ["/a:/", "cannot be mounted at /"],
    ["/a://", "cannot be mounted at /"],
    ["/a:/b/..", "cannot be mounted at /"],
    ...["/agent", "/agent/", "//agent", "/agent/bin", "/agent/.", "/b/../agent", "/./agent//x/", "/agent/x/.."].flatMap(
      (path): [text: string, problem: string][] =>
        [`/a:${path}`, `named:${path}:ro`].map((text) => [text, "onto or below /agent of the container"]),
    ),
    ["/a:/b:", "empty mode"],
    ["/a:/b:ro,", "empty option"],
    ["/a:/b:readonly", 'unknown mode "readonly"'],
    ["/a:/b:RO", 'unknown mode "RO"'],
    ["/a:/b:ro,default", 'unknown mode "default"'],
    ["/a:/b:ro,rw", "ro and rw, which exclude each other"],
    ["/a:/b:ro,ro", "ro twice"],
    ["/a:/b:z,Z", "z and Z"],
    ["/a:/b:shared,rslave", "shared and rslave"],
    ["/a:/b:cached,delegated", "cached and delegated"],
    ["/a:/b:nocopy", "only for volumes that have a name"],
    ["named:/b:rshared", "only for host paths"],
    ["/a:/b:ro:rw", "too many colons"],
    ["/a\n:/b", "control characters"],
  ];
  test.each(refused)("%j: %s", (text, problem) => {
    expect(parseVolume(text)).toEqual({ ok: false, problem: expect.stringContaining(problem) });
  });
  test("what follows a = is not shown: it may be a variable behind the wrong flag", () => {
    expect(JSON.stringify(parseVolume("NPM_TOKEN=hunter2"))).not.toContain("hunter2");
    expect(JSON.stringify(parseVolume("NPM_TOKEN=hun:ter2"))).not.toMatch(/hun|ter2/);
  });
});
