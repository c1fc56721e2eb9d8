import type { ImageReference } from "../registry/image-reference.ts";

/** Stands for what was taken out; no pattern has it. */
const GAP = "*";

/**
 * Words about an image without its name, in whatever form an engine or a registry repeats it: nobody's choice of a name may
 * change what the words mean. Addresses and digests go too, whose figures look like codes.
 */
export function withoutReference(said: string, reference: ImageReference): string {
  const { registry, repository, tag, digest, familiar, pullName, pullTag } = reference;
  const name = familiar.slice(0, familiar.length - versionOf(reference).length);
  const versions = [tag, digest, pullTag].flatMap((version) =>
    version === undefined ? [] : [`:${version}`, `@${version}`],
  );
  const names = [pullName, name, repository];
  const long = [familiar, ...names.flatMap((one) => versions.map((version) => one + version)), ...names, registry];
  let words = said.replace(/\bhttps?:\/\/[^\s"'<>]+/gi, GAP).replace(/\[(manifests|blobs) [^\]]*\]/g, GAP);
  // A name of one word may be a word of the message as well: it counts where such messages have a name.
  for (const form of long.filter((form) => /[/:@.]/.test(form))) words = words.replace(whole(form), GAP);
  words = words.replace(
    new RegExp(`\\b(for|repository|manifest|image|reference) "?${escapeForPattern(name)}(?![\\w/-])`, "g"),
    `$1 ${GAP}`,
  );
  return words
    .replace(/\blookup \S+/g, `lookup ${GAP}`)
    .replace(/\bsha\d+:[0-9a-f]+/gi, GAP)
    .replace(/\[[0-9a-f:]+\](:\d+)?|\b\d+(\.\d+){3}(:\d+)?/gi, GAP)
    .replace(/(?<![\w.-])[\w-]+(\.[\w-]+)+:\d+\b/g, GAP);
}

function versionOf({ tag, digest }: ImageReference): string {
  const shownTag = tag ?? (digest === undefined ? "latest" : undefined);
  return `${shownTag === undefined ? "" : `:${shownTag}`}${digest === undefined ? "" : `@${digest}`}`;
}

/** Nothing of a longer name: an image may be called `x`, and a message speak of `x509`. */
function whole(form: string): RegExp {
  return new RegExp(`(?<![\\w./-])${escapeForPattern(form)}(?![\\w/-])`, "g");
}

function escapeForPattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
