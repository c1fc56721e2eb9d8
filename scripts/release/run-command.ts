import { messageOf } from "../environment/problem.ts";

/** What came of a command: its output, or one line on why there is none. */
export type CommandResult =
  | { readonly ok: true; readonly stdout: string }
  | { readonly ok: false; readonly reason: string };

/** Runs a program to its end, in this process's environment where no other is given, with nothing to read. Never rejects. */
export async function runCommand(
  command: readonly [string, ...string[]],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string | undefined>> } = {},
): Promise<CommandResult> {
  try {
    const child = Bun.spawn([...command], { ...options, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    const [stdout, stderr, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    if (code === 0) return { ok: true, stdout };
    return { ok: false, reason: stderr.trim().split("\n").at(-1) || `${command[0]} ended with ${code}` };
  } catch (thrown) {
    return { ok: false, reason: messageOf(thrown) };
  }
}
