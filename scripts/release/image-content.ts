import type { TarEntry } from "../../test/support/tar.ts";
import type { LibraryFile } from "./c-library.ts";
import { IMAGE_HOME } from "./image-archive.ts";
import type { SourceState } from "./source-state.ts";

/** Names are looked up in the container's hosts file first, then in DNS: without this file glibc asks DNS first. */
const NSSWITCH = "hosts: files dns\n";

/**
 * The files of the image: below what changes seldom, above the binary. There is no CA bundle in it: the binary has the
 * public roots, and a builder's own ones are not for strangers.
 */
export function imageLayers(
  library: readonly LibraryFile[],
  binary: Uint8Array,
  licence: Uint8Array,
): readonly (readonly TarEntry[])[] {
  const base: TarEntry[] = [
    { path: "etc/nsswitch.conf", content: NSSWITCH },
    { path: "licenses/oz-agent-worker", content: licence },
    ...library.map(({ path, content }): TarEntry => ({ path, content, mode: 0o755 })),
  ];
  const dotDocker = `${IMAGE_HOME.slice(1)}/.docker`;
  const folders = new Set([...base.flatMap(({ path }) => foldersOf(path)), ...foldersOf(`${dotDocker}/x`)]);
  return [
    // The home too: with `--user` the worker is nobody that an image could know.
    [...[...folders].sort().map((path): TarEntry => ({ path, folder: true, mode: 0o755 })), ...base],
    [{ path: "oz-agent-worker", content: binary, mode: 0o755 }],
  ];
}

function foldersOf(path: string): readonly string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}

/** The labels of https://github.com/opencontainers/image-spec/blob/main/annotations.md, as far as they are known. */
export function imageLabels(
  about: { readonly version: string; readonly description: string; readonly license: string },
  source: SourceState,
): Readonly<Record<string, string>> {
  const { url, commit } = source;
  return {
    "org.opencontainers.image.title": "oz-agent-worker",
    "org.opencontainers.image.description": about.description,
    "org.opencontainers.image.licenses": about.license,
    "org.opencontainers.image.version": about.version,
    ...(commit === undefined ? {} : { "org.opencontainers.image.revision": commit }),
    ...(url === undefined ? {} : { "org.opencontainers.image.source": url }),
  };
}
