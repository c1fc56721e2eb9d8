import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { TestEnvironment } from "./environment.ts";
import { type ImageSource, type PushedImage, pushImage } from "./push-image.ts";
import type { TarEntry } from "./tar.ts";

/** What images need of a run; a `TestEnvironment` has it. */
export type ImageEnvironment = Pick<TestEnvironment, "registry" | "run" | "busybox">;

/**
 * Pushes an image under a name of this run: `NAME:latest` unless the name has a tag of its own. The daemon does not
 * have it before somebody pulls it; at the end of the run it is removed from there.
 */
export function testImage(environment: ImageEnvironment, name: string, source: ImageSource): Promise<PushedImage> {
  const [repository = name, tag = "latest"] = name.split(":");
  // The label keeps an image of this run from being the very image that somebody else has.
  const labels = { ...source.labels, "oz-test.run": environment.run };
  return pushImage(environment.registry, `${environment.run}-${repository}`, tag, { ...source, labels });
}

/** The task image: busybox with sh and all its applets, `/workspace`, `/tmp`; no ENTRYPOINT. */
export async function agentImage(
  environment: ImageEnvironment,
  name = "agent",
  source: Partial<ImageSource> = {},
): Promise<PushedImage> {
  const layer = await busyboxLayer(environment);
  return testImage(environment, name, {
    env: ["PATH=/usr/bin:/bin"],
    command: ["sh"],
    ...source,
    layers: [layer, ...(source.layers ?? [])],
  });
}

/** The files of a small Linux: busybox, a link for each of its applets, and the usual folders. */
export async function busyboxLayer(environment: ImageEnvironment): Promise<readonly TarEntry[]> {
  const list = Bun.spawn([environment.busybox, "--list"], { stdin: "ignore", stdout: "pipe", stderr: "ignore" });
  const applets = (await new Response(list.stdout).text()).trim().split("\n");
  return [
    { path: "bin", folder: true },
    { path: "etc", folder: true },
    { path: "tmp", folder: true, mode: 0o1777 },
    { path: "usr", folder: true },
    { path: "usr/bin", folder: true },
    { path: "workspace", folder: true },
    { path: "etc/passwd", content: "root:x:0:0:root:/:/bin/sh\n" },
    { path: "bin/busybox", content: await readFile(environment.busybox), mode: 0o755 },
    ...applets
      .filter((applet) => applet !== "" && applet !== "busybox")
      .map((applet) => ({ path: `bin/${applet}`, linkTo: "busybox" })),
  ];
}

/**
 * What `/agent/entrypoint.sh` does by default: it runs the script that the assignment's `OZ_TEST_SCRIPT` holds, with the
 * worker's arguments as `"$@"`; without one it prints those arguments, one a line, and ends with 0.
 */
export const SCRIPTED_ENTRYPOINT = `#!/bin/sh
if [ -n "$OZ_TEST_SCRIPT" ]; then exec /bin/sh -c "$OZ_TEST_SCRIPT" oz "$@"; fi
exec /agent/oz "$@"
`;

const FAKE_OZ = `#!/bin/sh
printf '%s\\n' "$@"
`;

/**
 * A sidecar: an image without a shell or any program of its own, whose whole file system appears at `/agent`:
 * `entrypoint.sh`, `oz` and the given files.
 */
export function sidecarImage(
  environment: ImageEnvironment,
  options: {
    readonly name?: string;
    readonly entrypoint?: string;
    readonly files?: readonly TarEntry[];
    readonly source?: Partial<ImageSource>;
  } = {},
): Promise<PushedImage> {
  const { name = "sidecar", entrypoint = SCRIPTED_ENTRYPOINT, files = [], source = {} } = options;
  return testImage(environment, name, {
    ...source,
    layers: [
      [
        { path: "entrypoint.sh", content: entrypoint, mode: 0o755 },
        { path: "oz", content: FAKE_OZ, mode: 0o755 },
        ...files,
      ],
      ...(source.layers ?? []),
    ],
  });
}

/**
 * A sidecar of `megabytes` MB of random content in `fileCount` files under `/agent/data`. `/agent/SHA256SUMS` names them
 * all, so that `cd /agent && sha256sum -c -s SHA256SUMS` in a task proves that it sees every file whole.
 */
export function bigSidecarImage(
  environment: ImageEnvironment,
  options: { readonly name?: string; readonly megabytes: number; readonly fileCount: number },
): Promise<PushedImage> {
  const { name = "big-sidecar", megabytes, fileCount } = options;
  const size = Math.floor((megabytes * 1_000_000) / fileCount);
  const sums: string[] = [];
  const files = Array.from({ length: fileCount }, (_, index): TarEntry => {
    const path = `data/${String(index % 16).padStart(2, "0")}/${index}.bin`;
    const content = new Uint8Array(size);
    for (let offset = 0; offset < size; offset += 65_536) {
      crypto.getRandomValues(content.subarray(offset, Math.min(offset + 65_536, size)));
    }
    sums.push(`${createHash("sha256").update(content).digest("hex")}  ${path}\n`);
    return { path, content };
  });
  return sidecarImage(environment, {
    name,
    files: [...files, { path: "SHA256SUMS", content: sums.join("") }],
  });
}
