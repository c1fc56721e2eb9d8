import { quoted } from "../../support/printable.ts";
import { holdsUser, shownImage } from "../../support/shown-image.ts";

/** An image name, taken apart and normalised as the Docker CLI does it before a pull. */
export interface ImageReference {
  readonly kind: "reference";
  /** `docker.io` for Docker Hub, else host or host:port as written. */
  readonly registry: string;
  /** The path on the registry: `library/ubuntu`, `team/app`. */
  readonly repository: string;
  /** As written; absent where the name has none. */
  readonly tag?: string;
  /** `sha256:…`, as written; absent where the name has none. */
  readonly digest?: string;
  /** For `fromImage` of `/images/create`: registry and repository. */
  readonly pullName: string;
  /** For `tag` of `/images/create`: the digest, else the tag, else `latest`. */
  readonly pullTag: string;
  /** What people write, with the tag or digest spelled out: `ubuntu:latest`. It names the image to the daemon too. */
  readonly familiar: string;
}

/** A text that names no image that could be pulled; the reason is one plain line. */
export interface InvalidImageReference {
  readonly kind: "invalid";
  readonly reason: string;
}

const HUB = "docker.io";
const LEGACY_HUB = "index.docker.io";
const OFFICIAL = "library/";
const MAX_REPOSITORY_LENGTH = 255;
/** Far above what the parts may have together. */
const MAX_LENGTH = 2048;

const LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const REGISTRY = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const PATH_PART = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const IMAGE_ID = /^[a-f0-9]{64}$/;
/** The algorithms that Docker accepts and the length of their figures. */
const DIGEST_LENGTHS: ReadonlyMap<string, number> = new Map([
  ["sha256", 64],
  ["sha384", 96],
  ["sha512", 128],
]);

/**
 * Takes an image name apart. The grammar and the rules for short names are those of the `distribution/reference`
 * package, as `docker pull` applies them.
 */
export function parseImageReference(text: string): ImageReference | InvalidImageReference {
  const invalid = (why: string): InvalidImageReference => ({
    kind: "invalid",
    // A URL may hold a password, and no part of it is worth that risk.
    reason: `${text.includes("://") ? "the image name" : shownImage(text, 120)} is not a valid image reference: ${why}`,
  });

  if (text === "") return { kind: "invalid", reason: "the image name is empty" };
  if (text.length > MAX_LENGTH) return invalid(`it is longer than ${MAX_LENGTH} characters`);
  if (/\s/u.test(text)) return invalid("it contains white space");
  if (text.includes("://")) return invalid("it is a URL; leave out the scheme, as in registry.example.com/app:tag");
  if (holdsUser(text)) {
    return invalid("it holds a user or a password before an '@'; leave that out and use docker login");
  }
  if (IMAGE_ID.test(text)) return invalid("it is an image id, and ids cannot be pulled; write name@sha256:<digest>");

  const { registry, rest } = splitRegistry(text);
  if (!REGISTRY.test(registry)) return invalid(`${quoted(registry)} is not a host or host:port`);

  const { path, tag, digest } = splitVersion(rest);
  if (path === "") return invalid("it has no repository name");
  if (/\p{Lu}/u.test(path)) return invalid("the repository name must be lower case");
  if (!path.split("/").every((part) => PATH_PART.test(part))) {
    return invalid(
      "each part of the repository name must be lower-case letters and digits, with single '.', '_', '__' or '-' between them",
    );
  }
  const repository = registry === HUB && !path.includes("/") ? OFFICIAL + path : path;
  if (repository.length > MAX_REPOSITORY_LENGTH) {
    return invalid(`the repository name is longer than ${MAX_REPOSITORY_LENGTH} characters`);
  }
  if (tag !== undefined && !TAG.test(tag)) {
    return invalid("a tag is 1 to 128 letters, digits, '_', '.' or '-', and starts with neither '.' nor '-'");
  }
  const digestFault = digest === undefined ? undefined : faultOfDigest(digest);
  if (digestFault !== undefined) return invalid(digestFault);

  const shownTag = tag ?? (digest === undefined ? "latest" : undefined);
  const version = `${shownTag === undefined ? "" : `:${shownTag}`}${digest === undefined ? "" : `@${digest}`}`;
  return {
    kind: "reference",
    registry,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
    pullName: `${registry}/${repository}`,
    pullTag: digest ?? tag ?? "latest",
    familiar: familiarName(registry, repository) + version,
  };
}

/** Only what cannot be a namespace of Docker Hub is a host: it has a dot, a colon or an upper-case letter, or is `localhost`. */
function splitRegistry(text: string): { registry: string; rest: string } {
  const slash = text.indexOf("/");
  if (slash < 0) return { registry: HUB, rest: text };
  const first = text.slice(0, slash);
  const isHost = first === "localhost" || /[.:]/.test(first) || first.toLowerCase() !== first;
  if (!isHost && first !== "") return { registry: HUB, rest: text };
  return { registry: first === LEGACY_HUB ? HUB : first, rest: text.slice(slash + 1) };
}

function splitVersion(rest: string): { path: string; tag: string | undefined; digest: string | undefined } {
  const at = rest.indexOf("@");
  const named = at < 0 ? rest : rest.slice(0, at);
  const colon = named.indexOf(":");
  return {
    path: colon < 0 ? named : named.slice(0, colon),
    tag: colon < 0 ? undefined : named.slice(colon + 1),
    digest: at < 0 ? undefined : rest.slice(at + 1),
  };
}

function faultOfDigest(digest: string): string | undefined {
  const colon = digest.indexOf(":");
  const length = DIGEST_LENGTHS.get(digest.slice(0, Math.max(colon, 0)));
  if (length === undefined) return "the digest must start with sha256:, sha384: or sha512:";
  const figures = digest.slice(colon + 1);
  if (figures.length === length && /^[a-f0-9]+$/.test(figures)) return undefined;
  return `a ${digest.slice(0, colon)} digest has ${length} lower-case hexadecimal digits`;
}

function familiarName(registry: string, repository: string): string {
  if (registry !== HUB) return `${registry}/${repository}`;
  const short = repository.startsWith(OFFICIAL) ? repository.slice(OFFICIAL.length) : repository;
  return short.includes("/") ? repository : short;
}
