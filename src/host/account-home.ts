import { userInfo } from "node:os";

/**
 * The user's home folder: HOME, else, as for the Docker CLI, that of the account that the process runs as. `undefined`
 * where neither tells: a user that no passwd file knows, as in an image made from nothing.
 */
export function accountHome(
  env: Readonly<Record<string, string | undefined>>,
  lookUp: () => { readonly homedir: string | null } = userInfo,
): string | undefined {
  if (env.HOME) return env.HOME;
  try {
    return lookUp().homedir || undefined;
  } catch {
    return undefined;
  }
}
