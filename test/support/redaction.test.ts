import { describe, expect, test } from "bun:test";
import { createRedactor, REDACTED } from "../../src/support/redaction.ts";

const SECRET = 'p@ss "wörd"/<&>?';

describe("createRedactor", () => {
  const forms: readonly [string, string][] = [
    ["as it is", SECRET],
    ["inside JSON", JSON.stringify(SECRET).slice(1, -1)],
    ["inside JSON as Go writes it", 'p@ss \\"wörd\\"/\\u003c\\u0026\\u003e?'],
    ["inside JSON inside JSON", JSON.stringify(JSON.stringify(SECRET).slice(1, -1)).slice(1, -1)],
    ["in a URL", encodeURIComponent(SECRET)],
    ["in a URL with lower-case codes", encodeURIComponent(SECRET).replace(/%../g, (code) => code.toLowerCase())],
    ["in a form", encodeURIComponent(SECRET).replaceAll("%20", "+")],
    ["as base64", Buffer.from(SECRET).toString("base64")],
    ["as base64 without padding", Buffer.from(SECRET).toString("base64").replace(/=+$/, "")],
    ["as URL-safe base64", Buffer.from(SECRET).toString("base64url")],
  ];
  test.each(forms)("hides a secret %s", (_name, form) => {
    const redact = createRedactor([SECRET]);
    expect(redact(form)).toBe(REDACTED);
    expect(redact(`before ${form}, ${form} after`)).toBe(`before ${REDACTED}, ${REDACTED} after`);
  });

  test.each(["", "u", "us", "user:", "x-access-token:"])("hides a secret after %p in a basic credential", (before) => {
    const secret = "ghp_0123456789abcdef";
    const encoded = Buffer.from(`${before}${secret}:tail`).toString("base64");
    const shown = createRedactor([secret])(`Basic ${encoded}`);
    expect(shown).toContain(REDACTED);
    const rest = shown.replace("Basic ", "").split(REDACTED);
    expect(rest.join("").length).toBeLessThanOrEqual(encoded.length - Math.floor((secret.length * 4) / 3) + 2);
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

  test("hides overlapping secrets whole", () => {
    expect(createRedactor(["abcdef", "defghij"])("1abcdefghij2")).toBe(`1${REDACTED}2`);
  });

  test("hides occurrences that touch, and one at the very end", () => {
    expect(createRedactor(["abcd"])("abcdabcd-abcd")).toBe(`${REDACTED}${REDACTED}-${REDACTED}`);
  });

  test("ignores what is too short or blank", () => {
    const redact = createRedactor(["", "abc", "        ", "\n\n\n\n"]);
    expect(redact("abc         \n\n\n\n")).toBe("abc         \n\n\n\n");
  });

  test("is not confused by patterns, replacement marks and broken characters", () => {
    const redact = createRedactor(["$&.*+?^", "\ud800abc", "(((("]);
    expect(redact("x$&.*+?^x")).toBe(`x${REDACTED}x`);
    expect(redact("((((")).toBe(REDACTED);
    expect(redact("\ud800abc")).toBe(REDACTED);
  });

  test("is quick: 300 long lines and 100 secrets", () => {
    const secrets = Array.from({ length: 100 }, (_, n) => `secret-${n}-${"x".repeat(n)}`);
    const lines = Array.from({ length: 300 }, (_, n) => `${"secret and other words ".repeat(100)}secret-${n % 100}-`);
    const redact = createRedactor(secrets);
    const start = performance.now();
    const shown = lines.map(redact);
    expect(performance.now() - start).toBeLessThan(2_000);
    expect(shown[0]?.endsWith(REDACTED)).toBe(true);
  });
});
