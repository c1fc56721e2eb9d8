/** A platform that binaries are made for. */
export interface Target {
  /** As Docker calls it. */
  readonly architecture: "amd64" | "arm64";
  /** As Bun calls it. */
  readonly bunTarget: "bun-linux-x64" | "bun-linux-arm64";
  /** The npm package that holds the runtime; the lock file has its checksum. */
  readonly runtimePackage: string;
  /** Whether this process runs on it. */
  readonly isNative: boolean;
}

/** Every platform that is released. */
export const TARGETS: readonly Target[] = [
  {
    architecture: "amd64",
    bunTarget: "bun-linux-x64",
    runtimePackage: "@oven/bun-linux-x64",
    isNative: process.platform === "linux" && process.arch === "x64",
  },
  {
    architecture: "arm64",
    bunTarget: "bun-linux-arm64",
    runtimePackage: "@oven/bun-linux-aarch64",
    isNative: process.platform === "linux" && process.arch === "arm64",
  },
];

/** The file of a target's binary in `dist/`. */
export function binaryName(target: Target): string {
  return `oz-agent-worker-linux-${target.architecture}`;
}
