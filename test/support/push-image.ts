import { makeTar, type TarEntry } from "./tar.ts";

/** An image to be made and pushed. */
export interface ImageSource {
  /** Each layer's files, lowest first. */
  readonly layers: readonly (readonly TarEntry[])[];
  readonly env?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** Volumes that the image declares. */
  readonly volumes?: readonly string[];
  /** The signal that it wants to be stopped by, as `SIGWINCH`. */
  readonly stopSignal?: string;
  /** Docker's name of the processor; default is this machine's. */
  readonly architecture?: string;
}

/** An image in a registry. */
export interface PushedImage {
  /** `127.0.0.1:PORT/NAME:TAG` */
  readonly reference: string;
  /** `127.0.0.1:PORT/NAME@sha256:...` */
  readonly pinned: string;
  /** Digest of its configuration, which is what Docker calls the image's id. */
  readonly id: string;
  /** Digests of its layers as the registry has them, lowest first. */
  readonly layers: readonly string[];
}

/** The processor of this machine, as Docker names it. */
export function machineArchitecture(arch: string = process.arch): string {
  return arch === "x64" ? "amd64" : arch;
}

/**
 * Makes an image and puts it into a registry without any daemon: a Docker image manifest, version 2, schema 2. Equal
 * sources make equal images. Pushing over an existing tag moves the tag.
 */
export async function pushImage(
  registry: string,
  repository: string,
  tag: string,
  source: ImageSource,
): Promise<PushedImage> {
  const base = `http://${registry}/v2/${repository}`;
  const layers = source.layers.map((entries) => {
    const tar = makeTar(entries);
    // Large test content is random: packing it harder takes time and saves nothing.
    return { diffId: digestOf(tar), blob: Bun.gzipSync(tar, { level: tar.byteLength > 8_000_000 ? 0 : 1 }) };
  });
  const config = encode({
    architecture: source.architecture ?? machineArchitecture(),
    os: "linux",
    config: {
      Env: source.env ?? [],
      ...(source.entrypoint === undefined ? {} : { Entrypoint: source.entrypoint }),
      ...(source.command === undefined ? {} : { Cmd: source.command }),
      ...(source.volumes === undefined
        ? {}
        : { Volumes: Object.fromEntries(source.volumes.map((path) => [path, {}])) }),
      ...(source.stopSignal === undefined ? {} : { StopSignal: source.stopSignal }),
      Labels: source.labels ?? {},
    },
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(() => ({ created: "1970-01-01T00:00:00Z" })),
  });
  for (const { blob } of layers) await pushBlob(base, blob);
  await pushBlob(base, config);
  const type = "application/vnd.docker.distribution.manifest.v2+json";
  const manifest = encode({
    schemaVersion: 2,
    mediaType: type,
    config: descriptor("application/vnd.docker.container.image.v1+json", config),
    layers: layers.map(({ blob }) => descriptor("application/vnd.docker.image.rootfs.diff.tar.gzip", blob)),
  });
  await request(`${base}/manifests/${tag}`, { method: "PUT", body: manifest, headers: { "Content-Type": type } });
  const name = `${registry}/${repository}`;
  return {
    reference: `${name}:${tag}`,
    pinned: `${name}@${digestOf(manifest)}`,
    id: digestOf(config),
    layers: layers.map(({ blob }) => digestOf(blob)),
  };
}

/** Takes a manifest out of a registry: whoever asks for that image from now on is told that it is unknown. */
export async function unpublishImage(image: PushedImage): Promise<void> {
  const [name = "", digest = ""] = image.pinned.split("@");
  const slash = name.indexOf("/");
  const url = `http://${name.slice(0, slash)}/v2/${name.slice(slash + 1)}/manifests/${digest}`;
  await request(url, { method: "DELETE" });
}

async function pushBlob(base: string, blob: Uint8Array<ArrayBuffer>): Promise<void> {
  const digest = digestOf(blob);
  if ((await fetch(`${base}/blobs/${digest}`, { method: "HEAD" })).ok) return;
  const started = await request(`${base}/blobs/uploads/`, { method: "POST" });
  const location = new URL(started.headers.get("Location") ?? "", base);
  location.searchParams.set("digest", digest);
  await request(location.href, { method: "PUT", body: blob, headers: { "Content-Type": "application/octet-stream" } });
}

async function request(url: string, init: BunFetchRequestInit): Promise<Response> {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${init.method} ${url}: ${response.status} ${await response.text()}`);
  return response;
}

function descriptor(mediaType: string, content: Uint8Array) {
  return { mediaType, size: content.byteLength, digest: digestOf(content) };
}

function digestOf(content: Uint8Array): string {
  return `sha256:${new Bun.CryptoHasher("sha256").update(content).digest("hex")}`;
}

function encode(value: object): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(value));
}
