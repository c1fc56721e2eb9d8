import { expect, test } from "bun:test";
import { completionScript } from "../../src/cli/completion.ts";
import { worker } from "../../src/cli/worker.ts";
import { runWords } from "./run-words.ts";

/** What bash offers behind these words, the last one being typed. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const script = completionScript("bash", worker);
  const line = ["oz-agent-worker", ...words].map((word) => `'${word}'`).join(" ");
  const ask = `${script}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length}; _oz_agent_worker; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const child = Bun.spawn(["bash", "--norc", "-c", ask], { stdout: "pipe", stderr: "inherit" });
  return (await new Response(child.stdout).text()).split("\n").filter((word) => word !== "");
}

test("bash is offered commands, their commands, and flags", async () => {
  expect(await offered("st")).toEqual(["status"]);
  expect(await offered("config", "s")).toEqual(["show", "schema"]);
  expect(await offered("--max")).toEqual(["--max-concurrent-tasks", "--max-tasks", "--max-uptime"]);
  expect(await offered("logs", "--t")).toEqual(["--tail"]);
  expect(await offered("pause", "--note", "x", "--fo")).toEqual(["--for"]);
  expect(await offered("--config-file", "/etc/host")).toContain("/etc/hosts");
  expect(await offered("--web")).toEqual([]);
});

test("zsh takes the same script, and fish has a line for each", async () => {
  expect(completionScript("zsh", worker)).toContain("bashcompinit");
  const fish = completionScript("fish", worker);
  expect(fish).toContain("-a status -d 'how the workers here stand, a line each'");
  expect(fish).toContain("-l config-file -r -F");
  expect(fish).not.toContain("web-socket-url");
});

test("another shell is refused", async () => {
  expect(await runWords(["completion", "tcsh"])).toMatchObject({ code: 2, stdout: "" });
});
