import { access, constants, stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";

export type ProgramLookup =
  | { readonly kind: "found"; readonly path: string }
  | { readonly kind: "not-executable"; readonly path: string }
  | { readonly kind: "missing" };

/** Looks a program up in a PATH. Relative entries are passed over: what runs must not depend on the current folder. */
export async function findProgram(name: string, searchPath: string | undefined): Promise<ProgramLookup> {
  let notExecutable: string | undefined;
  for (const folder of (searchPath ?? "").split(":")) {
    if (!isAbsolute(folder)) continue;
    const path = join(folder, name);
    const answer = await check(path);
    if (answer === "executable") return { kind: "found", path };
    if (answer === "plain") notExecutable ??= path;
  }
  return notExecutable === undefined ? { kind: "missing" } : { kind: "not-executable", path: notExecutable };
}

async function check(path: string): Promise<"executable" | "plain" | "none"> {
  try {
    if (!(await stat(path)).isFile()) return "none";
  } catch {
    return "none";
  }
  try {
    await access(path, constants.X_OK);
    return "executable";
  } catch {
    return "plain";
  }
}
