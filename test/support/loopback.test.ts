import { expect, test } from "bun:test";
import { isLoopback } from "../../src/support/loopback.ts";

test.each([
  "localhost",
  "LOCALHOST",
  "localhost.",
  "oz.localhost",
  "127.0.0.1",
  "127.255.0.9",
  "::1",
  "[::1]",
  "0:0:0:0:0:0:0:1",
])("%s is this machine", (host) => {
  expect(isLoopback(host)).toBe(true);
});

test.each(["notlocalhost", "localhost.example", "10.0.0.1", "128.0.0.1", "127.0.0.1.example", "::2", "[fe80::1]", ""])(
  "%s is not",
  (host) => {
    expect(isLoopback(host)).toBe(false);
  },
);
