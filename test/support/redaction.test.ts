import { describe, expect, test } from "bun:test";
import { createRedactor, MAX_REDACTED_TEXT, REDACTED } from "../../src/support/redaction.ts";

const SECRET = 'p@ss "wörd"/<&>?';
const LONG = "ghp_0123456789abcdefghijklmnopqrstuvwxyzABCD0123456789abcdefghijklmnopqr";

describe("createRedactor", () => {
  const forms: readonly [string, string][] = [
    ["as it is", SECRET],
    ["inside JSON", JSON.stringify(SECRET).slice(1, -1)],
    ["inside JSON as Go writes it", 'p@ss \\"wörd\\"/\\u003c\\u0026\\u003e?'],
    ["inside JSON inside JSON", JSON.stringify(JSON.stringify(SECRET).slice(1, -1)).slice(1, -1)],
    ["inside JSON of ASCII alone", 'p@ss \\"w\\u00f6rd\\"/<&>?'],
    ["in a URL", encodeURIComponent(SECRET)],
    ["in a URL with lower-case codes", encodeURIComponent(SECRET).replace(/%../g, (code) => code.toLowerCase())],
    ["in a form", encodeURIComponent(SECRET).replaceAll("%20", "+")],
    ["in a URL in a URL", encodeURIComponent(encodeURIComponent(SECRET))],
    ["inside XML", "p@ss &quot;wörd&quot;/&lt;&amp;&gt;?"],
    ["inside XML with numbers", "p@ss &#34;w&#xf6;rd&#x22;/&#60;&#38;&#62;?"],
    ["as printf %q writes it", 'p@ss\\ \\"wörd\\"/\\<\\&\\>\\?'],
    ["as a shell's octal codes", 'p@ss \\"w\\303\\266rd\\"/<&>?'],
    ["as base64", Buffer.from(SECRET).toString("base64")],
    ["as base64 without padding", Buffer.from(SECRET).toString("base64").replace(/=+$/, "")],
    ["as URL-safe base64", Buffer.from(SECRET).toString("base64url")],
    ["in hexadecimal", Buffer.from(SECRET).toString("hex")],
    [
      "in hexadecimal with capitals and colons",
      Buffer.from(SECRET).toString("hex").toUpperCase().match(/../g)?.join(":") ?? "",
    ],
  ];
  test.each(forms)("hides a secret %s", (_name, form) => {
    const redact = createRedactor([SECRET]);
    expect(redact(form)).toBe(REDACTED);
    expect(redact(`before ${form} ~ ${form} after`)).toBe(`before ${REDACTED} ~ ${REDACTED} after`);
  });

  test.each([
    ["an escape", "a##(#%1b", "a\\#\\#\\(\\#\\%1b"],
    ["a colour", "a##(#xx%1b[31m", "a##(#xx%251b[31m"],
  ])("hides %s without ink that a secret ends with, in other quotes too", (_name, secret, form) => {
    expect(createRedactor([secret])(`before ${form} after`)).toBe(`before ${REDACTED} after`);
  });

  test("hides a secret as the bytes of source code", () => {
    const bytes = [...Buffer.from(SECRET)].map((byte) => `0x${byte.toString(16)}`);
    expect(createRedactor([SECRET])(`{${bytes.join(", ")}}`)).toBe(`{0x${REDACTED}}`);
  });

  test.each([
    ["single quotes", `it's-a-'secret'`, `'it'\\''s-a-'\\''secret'\\'''`],
    ["single and double quotes", `it's-a-'secret'`, `'it'"'"'s-a-'"'"'secret'"'"''`],
  ])("hides what a shell quotes with %s", (_name, secret, quoted) => {
    expect(createRedactor([secret])(quoted)).not.toMatch(/it|secret/);
  });

  test.each(["", "u", "us", "user:", "x-access-token:"])("hides a secret after %p in a basic credential", (before) => {
    const secret = "ghp_0123456789abcdef";
    const encoded = Buffer.from(`${before}${secret}:tail`).toString("base64");
    const shown = createRedactor([secret])(`Basic ${encoded}`);
    expect(shown).toContain(REDACTED);
    const rest = shown.replace("Basic ", "").split(REDACTED);
    expect(rest.join("").length).toBeLessThanOrEqual(encoded.length - Math.floor((secret.length * 4) / 3) + 2);
  });

  test.each([
    ["its first 60 characters", LONG.slice(0, 60)],
    ["its last 16", LONG.slice(-16)],
    ["16 from the middle", LONG.slice(20, 36)],
    ["16 from the middle, as base64", Buffer.from(LONG.slice(21, 37)).toString("base64")],
  ])("hides of a long secret %s", (_name, part) => {
    expect(createRedactor([LONG])(`a ${part} b`)).toBe(`a ${REDACTED} b`);
  });

  test("hides a secret over several lines in each of them, and leaves the lines", () => {
    const redact = createRedactor([LONG]);
    expect(redact(`a ${LONG.slice(0, 5)}\n${LONG.slice(5, 30)}\r\n\n  ${LONG.slice(30)} b\nc`)).toBe(
      `a ${REDACTED}\n${REDACTED}\r\n\n${REDACTED} b\nc`,
    );
  });

  test("hides a secret with colours in it", () => {
    const shown = createRedactor([SECRET])(`\x1b[1;31m${SECRET.slice(0, 4)}\x1b(B\x1b[m${SECRET.slice(4)}\x1b[0m!`);
    expect(shown).toBe(`\x1b[1;31m${REDACTED}\x1b[0m!`);
  });

  test.each(["\x1b]8;;https://example.com/x\x07", "\x1b]8;;\x1b\\", "\x1b]0;a title\x07"])(
    "hides a secret with a link or a title in it: %j",
    (command) => {
      const redact = createRedactor([SECRET]);
      expect(redact(`a ${SECRET.slice(0, 4)}${command}${SECRET.slice(4)} b`)).toBe(`a ${REDACTED} b`);
      expect(redact(`\x1b]0;${SECRET}\x07`)).toBe(`\x1b]0;${REDACTED}\x07`);
      expect(redact(`\x1b]0;${SECRET.slice(0, 4)}\n${SECRET.slice(4)}`)).not.toContain(SECRET.slice(4));
    },
  );

  test.each([
    [
      "xxd",
      "00000000: 6768 705f 3031 3233 3435 3637 3839 6162  ghp_0123456789ab\n00000010: 6364                                     cd",
    ],
    ["od -tx1", "0000000 67 68 70 5f 30 31 32 33 34 35 36 37 38 39 61 62\n0000020 63 64\n0000022"],
    [
      "hexdump -C",
      "00000000  67 68 70 5f 30 31 32 33  34 35 36 37 38 39 61 62  |ghp_0123456789ab|\n00000010  63 64                                             |cd|",
    ],
    ["xxd -p", "6768705f3031323334\n353637383961626364"],
  ])("hides what %s prints of a secret that goes over its lines", (_name, dump) => {
    const shown = createRedactor(["456789abcd"])(dump);
    expect(shown).not.toMatch(/34 ?35 ?36|63 ?64/);
    expect(shown).toContain(REDACTED);
  });

  test("hides each line of a longer secret, whatever ends the lines", () => {
    const redact = createRedactor(["-----BEGIN KEY-----\r\n  MIIEabcd\nxy\nMIIEefgh\n"]);
    expect(redact("MIIEefgh")).toBe(REDACTED);
    expect(redact("a MIIEabcd b")).toBe(`a ${REDACTED} b`);
    expect(redact("xy")).toBe("xy");
  });

  test("takes the longest secret where one begins another", () => {
    expect(createRedactor(["token", "token-long"])("token-long token")).toBe(`${REDACTED} ${REDACTED}`);
  });

  test("hides overlapping and touching occurrences whole", () => {
    expect(createRedactor(["abcdefgh", "efghijkl"])("1abcdefghijkl2")).toBe(`1${REDACTED}2`);
    expect(createRedactor(["abcdefgh"])("abcdefghabcdefgh-abcdefgh")).toBe(`${REDACTED}-${REDACTED}`);
  });

  test("hides a secret of 4 to 7 characters as a word of its own, and not in other words", () => {
    const redact = createRedactor(["main", "a-b1"]);
    expect(redact("domain main=main, remains. a-b1 xa-b1")).toBe(
      `domain ${REDACTED}=${REDACTED}, remains. ${REDACTED} xa-b1`,
    );
    expect(redact("\x1b[31mmain\x1b[0m")).toBe(`\x1b[31m${REDACTED}\x1b[0m`);
  });

  test("ignores what is too short or blank", () => {
    const redact = createRedactor(["", "abc", "        ", "\n\n\n\n"]);
    expect(redact("abc         \n\n\n\n")).toBe("abc         \n\n\n\n");
  });

  test("is not confused by patterns, replacement marks and broken characters", () => {
    const redact = createRedactor(["$&.*+?^", "\ud800abcdef", "(((("]);
    expect(redact("x$&.*+?^x")).toBe(`x${REDACTED}x`);
    expect(redact("((((")).toBe(REDACTED);
    expect(redact("\ud800abcdef")).toBe(REDACTED);
    expect(redact("\ud800 $& \ud83d")).toBe("\ud800 $& \ud83d");
  });

  test.each([
    ["https://user:p@ss@host.example/x", `https://${REDACTED}@host.example/x`],
    ["git+https://token@host/x and ftp://a:b@c", `git+https://${REDACTED}@host/x and ftp://${REDACTED}@c`],
    ["https:\\/\\/user:pass@host\\/x", `https:\\/\\/${REDACTED}@host\\/x`],
    ['"user:pass@127.0.0.1:1/x" is no image', `"${REDACTED}@127.0.0.1:1/x" is no image`],
    ["user:pass@host:1/x", `${REDACTED}@host:1/x`],
    ["pull of user:pass@registry.example/a/b:1 failed", `pull of ${REDACTED}@registry.example/a/b:1 failed`],
  ])("hides the login in %j", (text, expected) => {
    expect(createRedactor([])(text)).toBe(expected);
  });

  test.each([
    "ubuntu:22.04@sha256:0123abcd",
    "Author: Me <me@example.com>",
    "git@github.com:org/repo.git",
    "https://example.com/?q=me@example.com",
    "npm @scope/name@1.2.3",
    "at 12:30 @ home",
    '{"mail":"me@example.com/x"}',
  ])("leaves %j as it is", (text) => {
    expect(createRedactor([LONG])(text)).toBe(text);
  });

  test("cuts a text that is too long, never in the middle of a secret", () => {
    const half = MAX_REDACTED_TEXT - 8;
    const shown = createRedactor([LONG])(`${"x ".repeat(half / 2)}${LONG}${"y".repeat(50_000)}`);
    expect(shown.length).toBeLessThan(MAX_REDACTED_TEXT + 60);
    expect(shown).toEndWith(`x ${REDACTED}… (${LONG.length - 8 + 50_000} more characters left out)`);
  });

  test("shows nothing where the secrets are too many to look for", () => {
    const redact = createRedactor(Array.from({ length: 9 }, (_, n) => String(n).repeat(1024 ** 2)));
    expect(redact("anything")).toBe(REDACTED);
    expect(redact(" ")).toBe(" ");
  });
});
