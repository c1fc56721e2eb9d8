import { statfs } from "node:fs/promises";

/** In bytes; `free` is what who is not root may still use. */
export interface DiskSpace {
  readonly free: number;
  readonly total: number;
}

/** The disk under a folder of this machine; `undefined` where it cannot be seen. */
export async function diskSpace(folder: string): Promise<DiskSpace | undefined> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { free: bavail * bsize, total: blocks * bsize };
  } catch {
    return undefined;
  }
}
