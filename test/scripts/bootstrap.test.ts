import { expect, test } from "bun:test";
import { copyFile, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../..");

test("a node_modules that is a link is not installed into: what it leads to stays", async () => {
  const folder = await mkdtemp(join(tmpdir(), "oz-bootstrap-"));
  try {
    await mkdir(join(folder, "checkout/scripts"), { recursive: true });
    await mkdir(join(folder, "elsewhere"));
    await writeFile(join(folder, "elsewhere/precious"), "");
    await symlink("../elsewhere", join(folder, "checkout/node_modules"));
    await copyFile(join(ROOT, "package-lock.json"), join(folder, "checkout/package-lock.json"));
    await copyFile(join(ROOT, "package.json"), join(folder, "checkout/package.json"));
    await copyFile(join(ROOT, "scripts/bootstrap.sh"), join(folder, "checkout/scripts/bootstrap.sh"));

    const child = Bun.spawn(["bash", "-c", ". scripts/bootstrap.sh"], {
      cwd: join(folder, "checkout"),
      stderr: "pipe",
    });
    const [said, code] = await Promise.all([new Response(child.stderr).text(), child.exited]);

    expect(said).toContain("node_modules is a link");
    expect(code).toBe(1);
    expect(await readdir(join(folder, "elsewhere"))).toEqual(["precious"]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
