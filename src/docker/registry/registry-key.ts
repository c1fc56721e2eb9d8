import type { ImageReference } from "./image-reference.ts";

const HUB_KEY = "https://index.docker.io/v1/";
const HUB_HOSTS: ReadonlySet<string> = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);

/** Under which the Docker CLI keeps the login of an image's registry: the host, for Docker Hub a URL of old times. */
export function registryKey(reference: Pick<ImageReference, "registry">): string {
  return reference.registry === "docker.io" ? HUB_KEY : reference.registry;
}

/**
 * Whether an entry of `auths` is another spelling of that registry: with a scheme or a path, or one of the host names
 * that Docker Hub has had. The CLI takes the first and not the second; many a file that was written by hand has it.
 */
export function isSameRegistry(entry: string, key: string): boolean {
  const host = hostOf(entry);
  if (key !== HUB_KEY) return host === key.toLowerCase();
  // Beside the login itself `docker login` keeps the two tokens of a web login; neither is one.
  return HUB_HOSTS.has(host) && !/\/(access|refresh)-token\/?$/.test(entry);
}

/** The path on the registry that an entry's login is for; empty for all of it. The API's version is no part of it. */
export function pathOfEntry(entry: string): string {
  const [, ...parts] = partsOf(entry);
  const path = parts.filter((part) => part !== "");
  return (/^v[12]$/.test(path[0] ?? "") ? path.slice(1) : path).join("/");
}

function partsOf(entry: string): readonly string[] {
  return entry.replace(/^[a-z][a-z0-9+.-]*:\/\//i, "").split("/");
}

function hostOf(entry: string): string {
  const [host = ""] = partsOf(entry);
  return host.slice(host.lastIndexOf("@") + 1).toLowerCase();
}
