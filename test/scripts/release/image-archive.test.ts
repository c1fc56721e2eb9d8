import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { imageArchive } from "../../../scripts/release/image-archive.ts";
import { imageLabels, imageLayers } from "../../../scripts/release/image-content.ts";
import { TARGETS } from "../../../scripts/release/targets.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const library = [
  { path: "lib64/ld.so", content: bytes("loader") },
  { path: "lib/x/libc.so.6", content: bytes("libc") },
];

/** The files of a ustar archive. */
function untar(archive: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const text = (from: number, length: number) =>
    new TextDecoder().decode(archive.subarray(from, from + length)).replace(/\0.*$/s, "");
  for (let at = 0; at + 512 <= archive.byteLength && archive[at] !== 0; ) {
    const size = parseInt(text(at + 124, 12), 8);
    files.set(text(at, 100), archive.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

const target = TARGETS.find(({ architecture }) => architecture === "arm64") ?? TARGETS[0];
if (target === undefined) throw new Error("no targets");
const request = {
  target,
  reference: "worker:x",
  layers: imageLayers(library, bytes("binary"), bytes("licence")),
  created: "2025-01-02T03:04:05.000Z",
  labels: { a: "b" },
};

test("manifest, configuration and layers name each other by their checksums", () => {
  const files = untar(imageArchive(request));
  const json = (path: string) => JSON.parse(new TextDecoder().decode(files.get(path)));
  const [manifest] = json("manifest.json");
  expect(manifest.RepoTags).toEqual(["worker:x"]);
  const sum = (content: Uint8Array | undefined) =>
    createHash("sha256")
      .update(content ?? "")
      .digest("hex");
  expect(manifest.Config).toBe(`${sum(files.get(manifest.Config))}.json`);
  const config = json(manifest.Config);
  expect(config.rootfs.diff_ids).toEqual(manifest.Layers.map((path: string) => `sha256:${sum(files.get(path))}`));
  expect(config.architecture).toBe("arm64");
  expect(config.config).toMatchObject({
    User: "0:0",
    Env: ["HOME=/root", "DOCKER_CONTEXT=default"],
    Entrypoint: ["/oz-agent-worker"],
    Labels: { a: "b" },
    Healthcheck: { Test: ["CMD", "/oz-agent-worker", "health"] },
  });
});

test("equal requests make equal bytes", () => {
  expect(Buffer.compare(imageArchive(request), imageArchive(request))).toBe(0);
});

test("every folder stands before what lies in it; the binary has a layer of its own", () => {
  const [base = [], top = []] = request.layers;
  const seen = new Set<string>([""]);
  for (const { path } of [...base, ...top]) {
    expect(seen).toContain(path.split("/").slice(0, -1).join("/"));
    seen.add(path);
  }
  expect(top.map(({ path }) => path)).toEqual(["oz-agent-worker"]);
});

test("the home is there, and any user may look for a login in it", () => {
  const entries = new Map(request.layers.flat().map((entry) => [entry.path, entry]));
  for (const path of ["root", "root/.docker"]) expect(entries.get(path)).toEqual({ path, folder: true, mode: 0o755 });
});

test("labels hold what is known and nothing else", () => {
  const about = { version: "1.2.3", description: "d", license: "MIT" };
  const none = imageLabels(about, { commit: undefined, committed: undefined, url: undefined });
  expect(Object.keys(none).map((name) => name.replace("org.opencontainers.image.", ""))).toEqual([
    "title",
    "description",
    "licenses",
    "version",
  ]);
  expect(imageLabels(about, { commit: "c", committed: "t", url: "https://u" })).toMatchObject({
    "org.opencontainers.image.revision": "c",
    "org.opencontainers.image.source": "https://u",
    "org.opencontainers.image.version": "1.2.3",
    "org.opencontainers.image.licenses": "MIT",
  });
});
