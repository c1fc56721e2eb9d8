/** Replaces what must not be shown. */
export type Redactor = (text: string) => string;

export const REDACTED = "[redacted]";

/**
 * Shorter texts are no secrets worth the name, and replacing every `1`, `on` or `dev` would make any output unreadable
 * and, by what is missing from it, even tell the value.
 */
export const MIN_SECRET_LENGTH = 4;

/** A fragment of base64 below this length would match by accident. */
const MIN_BASE64_FRAGMENT = 8;

/** JSON text as JavaScript writes it, as Go writes it (`<`, `>` and `&` escaped), and each of them inside JSON once more. */
function jsonForms(text: string): string[] {
  const escaped = (value: string) => JSON.stringify(value).slice(1, -1);
  const plain = escaped(text);
  const html = plain.replace(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
  return [plain, html, escaped(plain), escaped(html)];
}

function urlForms(text: string): string[] {
  const component = encodeURIComponent(text.toWellFormed());
  const strict = component.replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const path = encodeURI(text.toWellFormed());
  const lowerHex = (value: string) => value.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
  return [component, strict, strict.replaceAll("%20", "+"), path].flatMap((form) => [form, lowerHex(form)]);
}

/**
 * Base64 of the text alone, and what its bytes become inside the base64 of something longer (`user:token` in a header):
 * three alignments, without the outer characters that depend on the neighbours.
 */
function base64Forms(text: string): string[] {
  const bytes = Buffer.from(text, "utf8");
  const forms = [bytes.toString("base64"), bytes.toString("base64").replace(/=+$/, "")];
  for (const before of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString("base64");
    const from = Math.ceil((before * 8) / 6);
    const fragment = encoded.slice(from, Math.floor(((before + bytes.length) * 8) / 6));
    if (fragment.length >= MIN_BASE64_FRAGMENT) forms.push(fragment);
  }
  return forms.flatMap((form) => [form, form.replaceAll("+", "-").replaceAll("/", "_")]);
}

function formsOf(secret: string): string[] {
  const lines = secret.split(/[\r\n]+/).flatMap((line) => [line, line.trim()]);
  const texts = new Set([secret, secret.trim(), ...lines]);
  return [...texts]
    .filter((text) => text.length >= MIN_SECRET_LENGTH && text.trim() !== "")
    .flatMap((text) => [text, ...jsonForms(text), ...urlForms(text), ...base64Forms(text)]);
}

const prefixOf = (text: string, at: number): number => text.charCodeAt(at) * 0x10000 + text.charCodeAt(at + 1);

/** All forms by their first two characters, the longest first: one pass over a text, however many secrets there are. */
function indexForms(secrets: readonly string[]): ReadonlyMap<number, readonly string[]> {
  const forms = new Set(secrets.flatMap((secret) => formsOf(secret)));
  const index = new Map<number, string[]>();
  for (const form of [...forms].sort((a, b) => b.length - a.length)) {
    if (form.length < MIN_SECRET_LENGTH) continue;
    const prefix = prefixOf(form, 0);
    const sharing = index.get(prefix);
    if (sharing === undefined) index.set(prefix, [form]);
    else sharing.push(form);
  }
  return index;
}

/**
 * Makes a function that replaces every occurrence of every secret by `[redacted]`: as it is, each line of a longer one,
 * and as JSON, URL and base64 write it. Overlapping occurrences vanish whole. Secrets shorter than
 * `MIN_SECRET_LENGTH` are ignored. It is the second line of defence, for texts that come from outside; the first is
 * that nobody hands secrets to a log.
 */
export function createRedactor(secrets: readonly string[]): Redactor {
  const index = indexForms(secrets);
  if (index.size === 0) return (text) => text;

  return (text) => {
    let result = "";
    let copied = 0;
    let hiddenFrom = 0;
    let hiddenTo = 0;
    const close = () => {
      if (hiddenTo === 0) return;
      result += text.slice(copied, hiddenFrom) + REDACTED;
      copied = hiddenTo;
    };
    for (let at = 0; at + MIN_SECRET_LENGTH <= text.length; at++) {
      const match = index.get(prefixOf(text, at))?.find((form) => text.startsWith(form, at));
      if (match === undefined) continue;
      if (at >= hiddenTo) {
        close();
        hiddenFrom = at;
      }
      hiddenTo = Math.max(hiddenTo, at + match.length);
    }
    close();
    return result + text.slice(copied);
  };
}
