import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import { askCredentialHelper, type HelperOptions } from "../../../src/docker/registry/credential-helper.ts";
import { type TempFolder, tempFolder } from "./temp-folder.ts";

const SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin";

/** Runs a helper made of a shell script. */
async function ask(folder: TempFolder, body: string, options: Partial<HelperOptions> = {}) {
  await folder.script("docker-credential-fake", body);
  const env = { PATH: `${folder.path}:${SYSTEM_PATH}`, FOLDER: folder.path, ...options.env };
  return askCredentialHelper("fake", "registry.example:5000", { ...options, env });
}

function reasonOf(answer: Awaited<ReturnType<typeof ask>>): string {
  if (answer.kind !== "failed" && answer.kind !== "missing") throw new Error(`answered ${answer.kind}`);
  expect(answer.reason).not.toContain("\n");
  return answer.reason;
}

/** Whether a process runs; one that is dead and not yet collected does not. */
function isRunning(pid: string): boolean {
  if (!/^\d+$/.test(pid)) throw new Error(`no pid: ${pid}`);
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && !/\) [ZX] /.test(readFileSync(stat, "utf8"));
}

async function until(condition: () => boolean): Promise<void> {
  const started = performance.now();
  while (!condition()) {
    if (performance.now() - started > 5_000) throw new Error("waited 5 s for nothing");
    await Bun.sleep(10);
  }
}

describe("askCredentialHelper", () => {
  test("gives the server address on stdin and reads the answer", async () => {
    await using folder = await tempFolder();
    const answer = await ask(
      folder,
      `printf '%s' "$*" > "$FOLDER/args"; cat > "$FOLDER/stdin"; echo '{"ServerURL":"x","Username":"u","Secret":"p:q"}'`,
    );
    expect(answer).toEqual({ kind: "login", login: { kind: "password", username: "u", password: "p:q" } });
    expect(await readFile(join(folder.path, "args"), "utf8")).toBe("get");
    expect(await readFile(join(folder.path, "stdin"), "utf8")).toBe("registry.example:5000");
  });

  test("takes the user name <token> for an identity token", async () => {
    await using folder = await tempFolder();
    const answer = await ask(folder, `echo '{"Username":"<token>","Secret":"tt"}'`);
    expect(answer).toEqual({ kind: "login", login: { kind: "identity-token", token: "tt" } });
  });

  test("a helper that does not read its stdin may answer", async () => {
    await using folder = await tempFolder();
    const answer = await ask(folder, `exec 0<&-; echo '{"Username":"u","Secret":"p"}'`);
    expect(answer.kind).toBe("login");
  });

  test.each([
    "echo 'credentials not found in native keychain'; exit 1",
    "echo 'error: Credentials not found' >&2; exit 1",
    `echo '{"ServerURL":"","Username":"","Secret":""}'`,
    "echo '{}'",
  ])("takes %p for no login", async (body) => {
    await using folder = await tempFolder();
    expect(await ask(folder, body)).toEqual({ kind: "none" });
  });

  test.each([
    ["echo 'no such vault' >&2; exit 3", "docker-credential-fake failed with exit code 3: no such vault"],
    ["echo 'no credentials server URL'; exit 1", "exit code 1: no credentials server URL"],
    ["exit 4", "docker-credential-fake failed with exit code 4"],
    ["kill -9 $$", "docker-credential-fake was killed by a signal"],
    [":", "is not JSON"],
    ["echo 's3cr3t {'", "is not JSON"],
    [`echo '["s3cr3t"]'`, "is not {ServerURL, Username, Secret}"],
    [`echo '{"Username":{"x":"s3cr3t"},"Secret":"s3cr3t"}'`, "is not {ServerURL, Username, Secret}"],
    [`echo '{"Username":"","Secret":"s3cr3t"}'`, "without a Username"],
    [`echo '{"Username":"u"}'`, "without a Secret"],
    [`echo '{"Username":"u","Secret":"s3cr3t"}'; echo 'lost s3cr3t' >&2; exit 1`, "lost [redacted]"],
  ])("names the failure of %p, without secrets", async (body, reason) => {
    await using folder = await tempFolder();
    const text = reasonOf(await ask(folder, body));
    expect(text).toContain(reason);
    expect(text).not.toContain("s3cr3t");
  });

  test("the environment reaches the helper without the worker's key, and no message", async () => {
    await using folder = await tempFolder();
    const env = { WARP_API_KEY: "wk-123456", VAULT_PASS: "open-sesame" };
    const body = `echo "key=\${WARP_API_KEY-unset} pass $VAULT_PASS wk-123456" >&2; exit 1`;
    const path = `${folder.path}:${SYSTEM_PATH}`;
    const text = reasonOf(await ask(folder, body, { env: { ...env, PATH: path } }));
    expect(text).toContain("key=unset pass [redacted] [redacted]");
  });

  test("kills a helper that hangs, with its children", async () => {
    await using folder = await tempFolder();
    const started = performance.now();
    const body = `sleep 60 & echo $! > "$FOLDER/child"; echo $$ > "$FOLDER/own"; echo 'waiting for the vault' >&2; sleep 60`;
    const text = reasonOf(await ask(folder, body, { limitMs: 300, env: envOf(folder) }));
    expect(performance.now() - started).toBeLessThan(3_000);
    expect(text).toContain("did not answer within 0.3 s and was killed: waiting for the vault");
    for (const name of ["child", "own"]) {
      const pid = (await readFile(join(folder.path, name), "utf8")).trim();
      await until(() => !isRunning(pid));
    }
  });

  test("does not wait for a child that outlives the helper and holds its output", async () => {
    await using folder = await tempFolder();
    const started = performance.now();
    const body = `sleep 60 & echo $! > "$FOLDER/child"; echo '{"Username":"u","Secret":"p"}'`;
    const answer = await ask(folder, body, { env: envOf(folder) });
    expect(answer.kind).toBe("login");
    expect(performance.now() - started).toBeLessThan(3_000);
    const pid = (await readFile(join(folder.path, "child"), "utf8")).trim();
    await until(() => !isRunning(pid));
  });

  test("ends a helper that floods stdout", async () => {
    await using folder = await tempFolder();
    const started = performance.now();
    const text = reasonOf(await ask(folder, `echo $$ > "$FOLDER/own"; exec yes`, { env: envOf(folder) }));
    expect(text).toContain("answered more than 1 MiB");
    expect(performance.now() - started).toBeLessThan(3_000);
    const pid = (await readFile(join(folder.path, "own"), "utf8")).trim();
    await until(() => !isRunning(pid));
  });

  test("takes an answer of just under 1 MiB", async () => {
    await using folder = await tempFolder();
    const body = `printf '{"Username":"u","Secret":"'; head -c 1000000 /dev/zero | tr '\\0' x; echo '"}'`;
    const answer = await ask(folder, body, { env: envOf(folder) });
    expect(answer).toMatchObject({ kind: "login", login: { password: "x".repeat(1_000_000) } });
  });

  test("bounds what it repeats of stderr", async () => {
    await using folder = await tempFolder();
    const text = reasonOf(await ask(folder, "yes 'many words' | head -c 300000 >&2; printf '\\nthe end' >&2; exit 1"));
    expect(text).toEndWith(": the end");
    const oneLine = reasonOf(await ask(folder, "head -c 300000 /dev/zero | tr '\\0' x >&2; exit 1"));
    expect(oneLine).toBe("credential helper docker-credential-fake failed with exit code 1");
  });

  test("ends with the caller's signal", async () => {
    await using folder = await tempFolder();
    const abort = new AbortController();
    const asked = ask(folder, `echo $$ > "$FOLDER/own"; exec sleep 60`, { signal: abort.signal, env: envOf(folder) });
    const own = join(folder.path, "own");
    await until(() => existsSync(own) && readFileSync(own, "utf8").endsWith("\n"));
    abort.abort();
    expect(await asked).toEqual({ kind: "aborted" });
    const pid = readFileSync(own, "utf8").trim();
    await until(() => !isRunning(pid));
    expect(await ask(folder, "exit 0", { signal: abort.signal })).toEqual({ kind: "aborted" });
  });

  test("names a helper that PATH lacks", async () => {
    for (const PATH of [SYSTEM_PATH, "", undefined, "relative:."]) {
      const text = reasonOf(await askCredentialHelper("no-such-one", "h", { env: { PATH } }));
      expect(text).toContain("docker-credential-no-such-one is not in the worker's PATH");
    }
  });

  test("names a helper that is not executable, and finds one further on", async () => {
    await using folder = await tempFolder();
    await using other = await tempFolder();
    const file = await folder.script("docker-credential-fake", "exit 0");
    await chmod(file, 0o644);
    const PATH = `${folder.path}:${other.path}:${SYSTEM_PATH}`;
    const text = reasonOf(await askCredentialHelper("fake", "h", { env: { PATH } }));
    expect(text).toContain(`${file} is not executable`);
    await other.script("docker-credential-fake", `echo '{"Username":"u","Secret":"p"}'`);
    expect((await askCredentialHelper("fake", "h", { env: { PATH } })).kind).toBe("login");
  });

  test("names a helper that cannot be started", async () => {
    await using folder = await tempFolder();
    const file = await folder.write("docker-credential-fake", "#!/no/such/shell\n");
    await chmod(file, 0o755);
    const text = reasonOf(await askCredentialHelper("fake", "h", { env: { PATH: folder.path } }));
    expect(text).toContain("docker-credential-fake could not be started (ENOENT)");
  });

  test.each(["../evil", "a/b", "a b", "", "-x", "a\nb", "x".repeat(200), "$(id)"])(
    "refuses the name %p",
    async (name) => {
      const text = reasonOf(await askCredentialHelper(name, "h", { env: { PATH: SYSTEM_PATH } }));
      expect(text).toContain("not a credential helper's name");
    },
  );
});

function envOf(folder: TempFolder) {
  return { PATH: `${folder.path}:${SYSTEM_PATH}`, FOLDER: folder.path };
}
