import { describe, expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeTunnelFolder } from "../../../src/docker/endpoint/tunnel-folder.ts";
import { currentOwner, encodeOwner } from "../../../src/host/owner.ts";
import { ScratchFolder } from "./scratch-folder.ts";

// A folder of a test may have a path that is too long for a socket: these stand directly in /tmp.
async function folderIn(base: string) {
  const made = await makeTunnelFolder({ XDG_RUNTIME_DIR: base });
  if (made === undefined) throw new Error("no folder was made");
  return made;
}

describe("the folder of a tunnel", () => {
  test("is closed to other users and goes", async () => {
    const made = await makeTunnelFolder({});
    const folder = dirname(made?.socketPath ?? "");
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    made?.remove();
    expect(existsSync(folder)).toBe(false);
  });

  test.each(["relative", "/no/such/folder", `/${"x".repeat(80)}`, "/tmp/a:b", "/tmp/%h", "/tmp/a b"])(
    "a base that cannot hold a socket for ssh is passed over: %s",
    async (base) => {
      const made = await makeTunnelFolder({ XDG_RUNTIME_DIR: base, TMPDIR: base });
      expect(made?.socketPath).toStartWith("/tmp/oz-agent-worker-ssh-");
      made?.remove();
    },
  );
});

describe("folders of other workers", () => {
  test("those of the dead go, all others stay", async () => {
    using scratch = new ScratchFolder();
    // The path of the scratch folder may be too long; a short name leads to it.
    const base = `/tmp/oz-tunnel-test-${process.pid}`;
    scratch.run(["ln", "-s", scratch.path, base]);
    try {
      const self = currentOwner();
      const records: readonly (readonly [string, string])[] = [
        ["dead", encodeOwner({ ...self, start: "1" })],
        ["alive", encodeOwner(self)],
        ["elsewhere", encodeOwner({ ...self, pidNamespace: "pid:[1]", start: "1" })],
        ["damaged", "{"],
      ];
      const at = (name: string) => join(scratch.path, `oz-agent-worker-ssh-${name}`);
      for (const [name, record] of records) scratch.write(`oz-agent-worker-ssh-${name}/owner.json`, record);
      scratch.write("oz-agent-worker-ssh-fresh/nothing-yet", "");
      scratch.write("other/owner.json", encodeOwner({ ...self, start: "1" }));
      const made = await folderIn(base);
      made.remove();
      expect(existsSync(at("dead"))).toBe(false);
      for (const name of ["alive", "elsewhere", "damaged", "fresh"]) expect(existsSync(at(name))).toBe(true);
      expect(existsSync(join(scratch.path, "other"))).toBe(true);
    } finally {
      scratch.run(["rm", base]);
    }
  });
});
