import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sourceState, webAddress } from "../../../scripts/release/source-state.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "oz-agent-worker-source-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function git(cwd: string, ...args: string[]): Promise<void> {
  const identity = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
  const child = Bun.spawn(["git", ...identity, ...args], { cwd, stdin: "ignore", stdout: "ignore", stderr: "pipe" });
  if ((await child.exited) !== 0) throw new Error(await new Response(child.stderr).text());
}

test("a checkout, then one with changes, and a folder within it", async () => {
  const tree = join(folder, "tree");
  await mkdir(join(tree, "inner"), { recursive: true });
  await git(tree, "init", "-q");
  await git(tree, "remote", "add", "origin", "https://user:word@git.example.com/team/worker.git");
  await writeFile(join(tree, "file"), "1");
  await git(tree, "add", "file");
  await git(tree, "commit", "-q", "-m", "one", "--date", "2025-01-02T03:04:05Z");
  const clean = await sourceState(tree);
  expect(clean.commit).toMatch(/^[0-9a-f]{40}$/);
  expect(clean.committed).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
  expect(clean.url).toBe("https://git.example.com/team/worker");
  await writeFile(join(tree, "file"), "2");
  expect((await sourceState(tree)).commit).toBe(`${clean.commit}-dirty`);
  expect(await sourceState(join(tree, "inner"))).toEqual({ commit: undefined, committed: undefined, url: undefined });
});

test("a folder that no git knows", async () => {
  expect(await sourceState(folder)).toEqual({ commit: undefined, committed: undefined, url: undefined });
});

test.each([
  ["https://git.example.com/team/worker.git", "https://git.example.com/team/worker"],
  ["https://user:secret@git.example.com/team/worker", "https://git.example.com/team/worker"],
  ["git@git.example.com:team/worker.git", "https://git.example.com/team/worker"],
  ["ssh://git@git.example.com:2222/team/worker.git", "https://git.example.com/team/worker"],
  ["git://git.example.com/worker/", "https://git.example.com/worker"],
  ["/srv/git/worker.git", undefined],
  ["../worker", undefined],
  ["file:///srv/worker", undefined],
])("the web address of %s", (remote, expected) => {
  expect(webAddress(remote)).toBe(expected);
});
