import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TempFolder extends AsyncDisposable {
  readonly path: string;
  /** Writes a file; anything but a text is written as JSON. Answers its path. */
  write(name: string, content: unknown): Promise<string>;
  /** Writes an executable shell script. */
  script(name: string, body: string): Promise<string>;
}

/** A folder of the test's own, gone with `await using`. */
export async function tempFolder(): Promise<TempFolder> {
  const path = await mkdtemp(join(tmpdir(), "oz-registry-test-"));
  const write = async (name: string, content: unknown) => {
    const file = join(path, name);
    await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
    return file;
  };
  return {
    path,
    write,
    async script(name, body) {
      const file = await write(name, `#!/bin/sh\n${body}\n`);
      await chmod(file, 0o755);
      return file;
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
