import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildBinary } from "./build-binary.ts";
import { sourceState } from "./source-state.ts";
import { binaryName, TARGETS, type Target } from "./targets.ts";

const ROOT = join(import.meta.dir, "../..");
const MAX_BYTES = 120_000_000;
/** e_machine of elf(5). */
const MACHINES: Readonly<Record<Target["architecture"], number>> = { amd64: 62, arm64: 183 };

/** What is wrong with the binaries in a folder, one line each; figures are told on the way. */
export async function checkBinaries(dist: string, say: (line: string) => void): Promise<readonly string[]> {
  const problems: string[] = [];
  const sums = await readFile(join(dist, "SHA256SUMS"), "utf8");
  const { commit } = await sourceState();
  for (const target of TARGETS) {
    const name = binaryName(target);
    const content = await readFile(join(dist, name));
    const sum = sha256(content);
    if (!sums.split("\n").includes(`${sum}  ${name}`)) problems.push(`${name}: SHA256SUMS does not have its checksum`);
    if (elfMachine(content) !== MACHINES[target.architecture]) problems.push(`${name}: not for ${target.architecture}`);
    if (content.byteLength > MAX_BYTES) problems.push(`${name}: ${content.byteLength} bytes, more than ${MAX_BYTES}`);
    if ((await buildAgain(target, commit)) !== sum) problems.push(`${name}: a second build differs from the first`);
    if (content.includes(ROOT)) problems.push(`${name}: holds the path of the source on this machine`);
    const packed = Bun.gzipSync(content, { level: 6 }).byteLength;
    say(`${name}: ${megabytes(content.byteLength)}, gzip ${megabytes(packed)}`);
  }
  return problems;
}

/** The checksum of a build at another place. */
async function buildAgain(target: Target, commit: string | undefined): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "oz-agent-worker-again-"));
  try {
    const file = join(folder, "again");
    const problem = await buildBinary(target, commit, file, () => {});
    return problem === undefined ? sha256(await readFile(file)) : undefined;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The machine that a 64-bit little-endian ELF file is for; `undefined` for any other file. */
export function elfMachine(file: Uint8Array): number | undefined {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const isElf =
    file.byteLength >= 20 && view.getUint32(0) === 0x7f454c46 && view.getUint8(4) === 2 && view.getUint8(5) === 1;
  return isElf ? view.getUint16(18, true) : undefined;
}

function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
