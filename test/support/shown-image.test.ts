import { expect, test } from "bun:test";
import { holdsUser, shownImage, withoutUser } from "../../src/support/shown-image.ts";

const DIGEST = `sha256:${"a1".repeat(32)}`;

test.each([
  "ubuntu",
  "ubuntu:22.04",
  "127.0.0.1:5000/team/app:1",
  `ubuntu@${DIGEST}`,
  `ghcr.io/team/app:1@${DIGEST}`,
  "x@sha256:tooshort",
  "x@sha256",
  "@",
  "",
])("%p has no user and is shown as it is", (image) => {
  expect(holdsUser(image)).toBe(false);
  expect(withoutUser(image)).toBe(image);
  expect(shownImage(image)).toBe(`"${image}"`);
});

test.each([
  ["user:hunter2@ghcr.io/x", "[redacted]@ghcr.io/x"],
  ["user@ghcr.io/x:1", "[redacted]@ghcr.io/x:1"],
  ["https://user:hunter2@ghcr.io/x", "[redacted]@ghcr.io/x"],
  ["user:hun@ter2@ghcr.io/x", "[redacted]@ghcr.io/x"],
  ["user:hun/ter2@ghcr.io/x", "[redacted]@ghcr.io/x"],
  ["user:hunter2@host:5000/x", "[redacted]@host:5000/x"],
  ["user:hunter2@host:5000", "[redacted]@host:5000"],
  [`user:hunter2@ghcr.io/x@${DIGEST}`, `[redacted]@ghcr.io/x@${DIGEST}`],
  ["hunter2@", "[redacted]@"],
  ["user:hunter2@sha1.example.com:5000", "[redacted]@sha1.example.com:5000"],
  ["user:hunter2@sha256host", "[redacted]@sha256host"],
  ["user:hunter2@sha1:5000", "[redacted]@sha1:5000"],
])("%p is shown as %p", (image, shown) => {
  expect(holdsUser(image)).toBe(true);
  expect(withoutUser(image)).toBe(shown);
  expect(shownImage(image)).toBe(`"${shown}"`);
});

test("a shown name is one line, and not endless", () => {
  expect(shownImage("a\nb\u001b[31m")).toBe('"a\\nb\\u001b[31m"');
  expect(shownImage("x".repeat(100_000)).length).toBeLessThan(600);
});
