/** How programs write a text. The first and the last character of the text are a letter or a digit. */
export const ENCODINGS: readonly (readonly [name: string, encode: (text: string) => string])[] = [
  ["as it is", (text) => text],
  ["JSON", json],
  ["JSON of ASCII alone", (text) => asciiOnly(json(text))],
  ["JSON as Go writes it", (text) => json(text).replace(/[<>&]/g, unicodeEscape)],
  ["JSON in JSON", (text) => json(json(text))],
  ["JSON in JSON of ASCII alone", (text) => asciiOnly(json(asciiOnly(json(text))))],
  ["a URL", (text) => encodeURIComponent(text)],
  ["a URL with lower-case codes", (text) => encodeURIComponent(text).replace(/%../g, (code) => code.toLowerCase())],
  ["a URL in a URL", (text) => encodeURIComponent(encodeURIComponent(text))],
  ["a URL that spares nothing", (text) => [...Buffer.from(text)].map((byte) => `%${hex(byte)}`).join("")],
  ["a form", (text) => new URLSearchParams([["", text]]).toString().slice(1)],
  ["XML", xml],
  ["XML in JSON", (text) => json(xml(text)).replace(/[<>&]/g, unicodeEscape)],
  ["XML with numbers", (text) => text.replace(/[^A-Za-z0-9]/gu, (character) => `&#${character.codePointAt(0)};`)],
  ["a shell's single quotes", (text) => text.replaceAll("'", "'\\''")],
  ["a shell's mixed quotes", (text) => text.replaceAll("'", `'"'"'`)],
  ["a shell's double quotes", (text) => text.replace(/["\\$`]/g, "\\$&")],
  ["a shell's backslashes", (text) => text.replace(/[ -/:-@[-`{-~]/g, "\\$&")],
  [
    "a shell's codes",
    (text) =>
      json(text)
        .replace(/'|\\"/g, "\\'")
        .replace(/[^ -~]+/gu, octal),
  ],
  ["SQL or CSV", (text) => text.replace(/["']/g, "$&$&")],
  ["base64", (text) => Buffer.from(text).toString("base64")],
  ["base64 for URLs", (text) => Buffer.from(text).toString("base64url")],
  ["base64 in a URL", (text) => encodeURIComponent(Buffer.from(text).toString("base64"))],
  ["JSON in base64", (text) => Buffer.from(json(text)).toString("base64")],
  ["hexadecimal", (text) => Buffer.from(text).toString("hex")],
  ["hexadecimal in capitals", (text) => Buffer.from(text).toString("hex").toUpperCase()],
  ["hexadecimal in pairs", (text) => [...Buffer.from(text)].map(hex).join(":")],
  [
    "hexadecimal in fours",
    (text) =>
      (
        Buffer.from(text)
          .toString("hex")
          .match(/.{1,4}/g) ?? []
      ).join(" "),
  ],
];

function json(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

function unicodeEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function asciiOnly(text: string): string {
  return text.replace(/[^ -~]/g, unicodeEscape);
}

function octal(text: string): string {
  return [...Buffer.from(text)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
}

function xml(text: string): string {
  const names: Readonly<Record<string, string>> = { "<": "lt", ">": "gt", "&": "amp", '"': "quot", "'": "apos" };
  return text.replace(/[<>&"']/g, (character) => `&${names[character]};`);
}

/** Lines of the usual programs, with dots where they repeat the characters. */
export const DUMPS: readonly (readonly [name: string, dump: (bytes: Buffer) => string])[] = [
  ["xxd", (bytes) => lines(bytes, (at, part) => `${offset(at, 16, 8)}: ${groups(part, 2).padEnd(39)}  ${ascii(part)}`)],
  [
    "hexdump -C",
    (bytes) => lines(bytes, (at, part) => `${offset(at, 16, 8)}  ${halves(part).padEnd(48)}  |${ascii(part)}|`),
  ],
  ["od -tx1", (bytes) => lines(bytes, (at, part) => `${offset(at, 8, 7)} ${groups(part, 1)}`)],
  ["xxd -p", (bytes) => (bytes.toString("hex").match(/.{1,60}/g) ?? []).join("\n")],
];

function lines(bytes: Buffer, line: (at: number, part: Buffer) => string): string {
  const count = Math.ceil(bytes.length / 16);
  return Array.from({ length: count }, (_, n) => line(16 * n, bytes.subarray(16 * n, 16 * n + 16))).join("\n");
}

function offset(at: number, base: number, width: number): string {
  return at.toString(base).padStart(width, "0");
}

function groups(part: Buffer, size: number): string {
  return (part.toString("hex").match(new RegExp(`.{1,${2 * size}}`, "g")) ?? []).join(" ");
}

function halves(part: Buffer): string {
  return `${groups(part.subarray(0, 8), 1)}  ${groups(part.subarray(8), 1)}`;
}

function ascii(part: Buffer): string {
  return ".".repeat(part.length);
}
