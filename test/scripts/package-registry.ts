import { createHash } from "node:crypto";
import { makeTar, type TarEntry } from "../support/tar.ts";

/** What a registry does to a package. */
export type Tampering =
  | "none"
  /** Another archive, under the checksum of the true one. */
  | "archive"
  /** Another archive and its own checksum. */
  | "archive and checksum"
  /** There is no such package. */
  | "absent";

/** An npm registry on 127.0.0.1 with one version of one package, which it may tamper with. */
export interface PackageRegistry extends Disposable {
  /** For `npm_config_registry`. */
  readonly url: string;
  /** The checksum of the true archive, as a lock file has it. */
  readonly integrity: string;
  /** How often an archive was sent. */
  readonly sent: () => number;
}

export interface PackageContent {
  readonly name: string;
  readonly version: string;
  /** Files of the true package, beside its package.json. */
  readonly files: readonly TarEntry[];
  /** Those of the one that a tampering registry sends. */
  readonly tampered: readonly TarEntry[];
}

/** Serves it as npm asks: a document at the package's name, an archive at the address that the document names. */
export function startPackageRegistry(content: PackageContent, tampering: Tampering): PackageRegistry {
  const { name, version } = content;
  const manifest = { name, version, scripts: { postinstall: "sh bin/bun" } };
  const pack = (files: readonly TarEntry[]) => {
    const entries = [{ path: "package.json", content: JSON.stringify(manifest) }, ...files];
    return Bun.gzipSync(makeTar(entries.map((entry) => ({ ...entry, path: `package/${entry.path}` }))));
  };
  const good = pack(content.files);
  const archive = tampering === "none" ? good : pack(content.tampered);
  const vouched = tampering === "archive and checksum" ? archive : good;
  let sent = 0;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const { origin, pathname } = new URL(request.url);
      if (tampering === "absent") return new Response("{}", { status: 404 });
      if (pathname === "/archive.tgz") {
        sent += 1;
        return new Response(archive);
      }
      if (decodeURIComponent(pathname) !== `/${name}`) return new Response("{}", { status: 404 });
      const dist = { tarball: `${origin}/archive.tgz`, integrity: sum(vouched) };
      const versions = { [version]: { ...manifest, hasInstallScript: true, dist } };
      return Response.json({ name, "dist-tags": { latest: version }, versions });
    },
  });
  return {
    url: server.url.href,
    integrity: sum(good),
    sent: () => sent,
    [Symbol.dispose]() {
      server.stop(true);
    },
  };
}

function sum(archive: Uint8Array): string {
  return `sha512-${createHash("sha512").update(archive).digest("base64")}`;
}
