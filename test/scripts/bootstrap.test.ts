import { expect, test } from "bun:test";
import { copyFile, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import packageJson from "../../package.json";
import { nativeTarget } from "../support/shipped.ts";
import { type PackageRegistry, startPackageRegistry, type Tampering } from "./package-registry.ts";

const ROOT = join(import.meta.dir, "../..");
const BUN = nativeTarget().runtimePackage;
const VERSION = Bun.version;

/** A checkout with nothing but what `scripts/bootstrap.sh` needs, gone with `await using`. */
class Checkout implements AsyncDisposable {
  private constructor(readonly folder: string) {}

  static async make(): Promise<Checkout> {
    const checkout = new Checkout(await mkdtemp(join(tmpdir(), "oz-bootstrap-")));
    await mkdir(checkout.path("scripts"), { recursive: true });
    for (const name of ["package.json", "package-lock.json", ".npmrc", "scripts/bootstrap.sh"]) {
      await copyFile(join(ROOT, name), checkout.path(name));
    }
    return checkout;
  }

  path(name: string): string {
    return join(this.folder, "checkout", name);
  }

  /** Leaves of the project's packages nothing but Bun, with a checksum of its own. */
  async lockBunAlone(integrity: string): Promise<void> {
    const root = { name: "oz-agent-worker", optionalDependencies: { [BUN]: VERSION } };
    const entry = { version: VERSION, integrity, hasInstallScript: true, optional: true };
    const packages = { "": root, [`node_modules/${BUN}`]: entry };
    await writeFile(this.path("package.json"), JSON.stringify(root));
    await writeFile(
      this.path("package-lock.json"),
      JSON.stringify({ name: root.name, lockfileVersion: 3, requires: true, packages }, null, 2),
    );
  }

  /** Runs the script, against a registry and with a cache of npm's own; answers what it said. */
  async bootstrap(registry?: PackageRegistry): Promise<{ code: number; said: string }> {
    const npm = {
      npm_config_cache: join(this.folder, "npm-cache"),
      npm_config_fetch_retries: "0",
      ...(registry === undefined ? {} : { npm_config_registry: registry.url }),
    };
    const child = Bun.spawn(["bash", "-c", ". scripts/bootstrap.sh && node_modules/.bin/bun --version >&2"], {
      cwd: this.path("."),
      env: { ...process.env, ...npm },
      stderr: "pipe",
    });
    const [said, code] = await Promise.all([new Response(child.stderr).text(), child.exited]);
    return { code, said };
  }

  /** What programs of the packages that were run have left. */
  marks(): Promise<string[]> {
    return readdir(this.path("ran")).catch(() => []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A registry whose Bun is a script that leaves a mark. */
function bunRegistry(checkout: Checkout, tampering: Tampering): PackageRegistry {
  const program = (mark: string) => ({
    path: "bin/bun",
    content: `#!/bin/sh\nmkdir -p ${checkout.path("ran")}\n: >${checkout.path("ran")}/${mark}\necho stand-in\n`,
    mode: 0o755,
  });
  return startPackageRegistry(
    { name: BUN, version: VERSION, files: [program("true")], tampered: [program("tampered")] },
    tampering,
  );
}

test("a node_modules that is a link is not installed into: what it leads to stays", async () => {
  await using checkout = await Checkout.make();
  const elsewhere = join(checkout.folder, "elsewhere");
  await mkdir(elsewhere);
  await writeFile(join(elsewhere, "precious"), "");
  await symlink("../elsewhere", checkout.path("node_modules"));
  const { code, said } = await checkout.bootstrap();
  expect(said).toContain("node_modules is a link");
  expect(code).toBe(1);
  expect(await readdir(elsewhere)).toEqual(["precious"]);
});

test("the Bun of the lock file is installed and started, and no install script of it", async () => {
  await using checkout = await Checkout.make();
  using registry = bunRegistry(checkout, "none");
  await checkout.lockBunAlone(registry.integrity);
  const { code, said } = await checkout.bootstrap(registry);
  expect({ code, said }).toMatchObject({ code: 0, said: expect.stringMatching(/stand-in\n$/) });
  expect(await checkout.marks()).toEqual(["true"]);
  // Once it is there, nothing is asked for again.
  expect(await checkout.bootstrap(registry)).toEqual({ code: 0, said: "stand-in\n" });
  expect(registry.sent()).toBe(1);
});

const tamperings: readonly Tampering[] = ["archive", "archive and checksum", "absent"];
test.each(tamperings)("a registry that tampers with Bun (%s) ends it, and nothing of the package runs", async (how) => {
  await using checkout = await Checkout.make();
  using registry = bunRegistry(checkout, how);
  await checkout.lockBunAlone(registry.integrity);
  // A second try is no way round.
  for (let attempt = 0; attempt < 2; attempt++) {
    const { code, said } = await checkout.bootstrap(registry);
    expect({ code, said }).toEqual({ code: 1, said: expect.stringContaining(`npm left out ${BUN}.`) });
    expect(await checkout.marks()).toEqual([]);
  }
  // What is vouched for by another checksum is not even fetched.
  expect(registry.sent() > 0).toBe(how === "archive");
});

test("a machine that the lock file has no Bun for is told so before anything is fetched", async () => {
  await using checkout = await Checkout.make();
  await writeFile(checkout.path("package-lock.json"), JSON.stringify({ packages: {} }));
  expect(await checkout.bootstrap()).toEqual({
    code: 1,
    said: expect.stringContaining(`package-lock.json names no Bun for this machine (${BUN})`),
  });
});

test("what would fetch Bun without the lock file is no package of the project, and install scripts are off", async () => {
  const lock: { packages: Readonly<Record<string, unknown>> } = await Bun.file(join(ROOT, "package-lock.json")).json();
  expect(Object.keys(lock.packages)).not.toContain("node_modules/bun");
  expect(new Set(Object.values(packageJson.optionalDependencies))).toEqual(new Set([VERSION]));
  expect(await Bun.file(join(ROOT, ".npmrc")).text()).toMatch(/^ignore-scripts=true$/m);
});

test("every package of the lock file has its checksum", async () => {
  const lock: { packages: Readonly<Record<string, object>> } = await Bun.file(join(ROOT, "package-lock.json")).json();
  const packages = Object.entries(lock.packages).filter(([path]) => path !== "");
  expect(packages.length).toBeGreaterThan(50);
  const bare = packages.filter(
    ([, entry]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(String(Reflect.get(entry, "integrity"))),
  );
  expect(bare.map(([path]) => path)).toEqual([]);
});
