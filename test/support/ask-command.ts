import { workerCommand } from "./worker-process.ts";

/** What a command has printed, and its exit code. */
export interface AskedCommand {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of the program as a process of its own, without anything of this process's environment but what is given. */
export async function askCommand(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
  program: readonly string[] = workerCommand(),
): Promise<AskedCommand> {
  const child = Bun.spawn([...program, ...words], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [code, stdout, stderr] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code, stdout, stderr };
}
