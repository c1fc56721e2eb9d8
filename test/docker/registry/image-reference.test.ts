import { describe, expect, test } from "bun:test";
import { parseImageReference } from "../../../src/docker/registry/image-reference.ts";

const SHA256 = `sha256:${"a1".repeat(32)}`;
const SHA384 = `sha384:${"b2".repeat(48)}`;
const SHA512 = `sha512:${"c3".repeat(64)}`;
const ID = "0123456789abcdef".repeat(4);

/** text, registry, repository, pullTag, familiar */
const valid: readonly [string, string, string, string, string][] = [
  ["ubuntu", "docker.io", "library/ubuntu", "latest", "ubuntu:latest"],
  ["ubuntu:22.04", "docker.io", "library/ubuntu", "22.04", "ubuntu:22.04"],
  ["library/ubuntu", "docker.io", "library/ubuntu", "latest", "ubuntu:latest"],
  ["team/app:T", "docker.io", "team/app", "T", "team/app:T"],
  ["a/b/c/d", "docker.io", "a/b/c/d", "latest", "a/b/c/d:latest"],
  ["docker.io/ubuntu", "docker.io", "library/ubuntu", "latest", "ubuntu:latest"],
  ["docker.io/library/x:y", "docker.io", "library/x", "y", "x:y"],
  ["docker.io/library/a/b", "docker.io", "library/a/b", "latest", "library/a/b:latest"],
  ["index.docker.io/x", "docker.io", "library/x", "latest", "x:latest"],
  ["index.docker.io/team/x:1", "docker.io", "team/x", "1", "team/x:1"],
  ["registry-1.docker.io/x", "registry-1.docker.io", "x", "latest", "registry-1.docker.io/x:latest"],
  ["docker.io", "docker.io", "library/docker.io", "latest", "docker.io:latest"],
  ["ghcr.io", "docker.io", "library/ghcr.io", "latest", "ghcr.io:latest"],
  ["localhost", "docker.io", "library/localhost", "latest", "localhost:latest"],
  ["localhost:5000", "docker.io", "library/localhost", "5000", "localhost:5000"],
  ["localhost/x", "localhost", "x", "latest", "localhost/x:latest"],
  ["localhost:5000/x", "localhost:5000", "x", "latest", "localhost:5000/x:latest"],
  ["localhost:5000/a/b:v1", "localhost:5000", "a/b", "v1", "localhost:5000/a/b:v1"],
  ["127.0.0.1/x", "127.0.0.1", "x", "latest", "127.0.0.1/x:latest"],
  ["127.0.0.1:5000/x:5000", "127.0.0.1:5000", "x", "5000", "127.0.0.1:5000/x:5000"],
  ["[::1]:5000/x", "[::1]:5000", "x", "latest", "[::1]:5000/x:latest"],
  ["[2001:DB8::1]/x:t", "[2001:DB8::1]", "x", "t", "[2001:DB8::1]/x:t"],
  ["ghcr.io/org/app:sha-1", "ghcr.io", "org/app", "sha-1", "ghcr.io/org/app:sha-1"],
  ["registry.example.com:443/x", "registry.example.com:443", "x", "latest", "registry.example.com:443/x:latest"],
  ["host:5000/x", "host:5000", "x", "latest", "host:5000/x:latest"],
  ["fooBar/x", "fooBar", "x", "latest", "fooBar/x:latest"],
  ["LOCALHOST/x", "LOCALHOST", "x", "latest", "LOCALHOST/x:latest"],
  ["xn--n3h.com/x", "xn--n3h.com", "x", "latest", "xn--n3h.com/x:latest"],
  ["a__b", "docker.io", "library/a__b", "latest", "a__b:latest"],
  ["a---b.c_d", "docker.io", "library/a---b.c_d", "latest", "a---b.c_d:latest"],
  ["x:_t", "docker.io", "library/x", "_t", "x:_t"],
  [`x:${"t".repeat(128)}`, "docker.io", "library/x", "t".repeat(128), `x:${"t".repeat(128)}`],
  [`x@${SHA256}`, "docker.io", "library/x", SHA256, `x@${SHA256}`],
  [`x@${SHA384}`, "docker.io", "library/x", SHA384, `x@${SHA384}`],
  [`ghcr.io/x@${SHA512}`, "ghcr.io", "x", SHA512, `ghcr.io/x@${SHA512}`],
  [`x:t@${SHA256}`, "docker.io", "library/x", SHA256, `x:t@${SHA256}`],
  [`localhost:5000/x:t@${SHA256}`, "localhost:5000", "x", SHA256, `localhost:5000/x:t@${SHA256}`],
  [`${ID}:t`, "docker.io", `library/${ID}`, "t", `${ID}:t`],
  [`library/${ID}`, "docker.io", `library/${ID}`, "latest", `${ID}:latest`],
  ["a".repeat(247), "docker.io", `library/${"a".repeat(247)}`, "latest", `${"a".repeat(247)}:latest`],
  [`h.io/${"a".repeat(255)}`, "h.io", "a".repeat(255), "latest", `h.io/${"a".repeat(255)}:latest`],
];

/** text, part of the reason */
const invalid: readonly [string, string][] = [
  ["", "is empty"],
  [" ", "white space"],
  [" x", "white space"],
  ["x ", "white space"],
  ["x\n", "white space"],
  ["a b", "white space"],
  ["x:a\tb", "white space"],
  ["x\u00a0", "white space"],
  ["A", "lower case"],
  ["team/App:v1", "lower case"],
  ["ghcr.io/Org/app", "lower case"],
  ["É", "lower case"],
  ["https://ghcr.io/x", "leave out the scheme"],
  [ID, "image id"],
  ["x/", "each part"],
  ["/x", "not a host"],
  ["a//b", "each part"],
  ["docker.io/", "no repository name"],
  [":tag", "no repository name"],
  [`@${SHA256}`, "no repository name"],
  ["x:", "a tag is"],
  ["x:-t", "a tag is"],
  ["x:.t", "a tag is"],
  ["x:a:b", "a tag is"],
  ["x:ä", "a tag is"],
  [`x:${"t".repeat(129)}`, "a tag is"],
  ["x@", "before an '@'"],
  ["x@sha256", "digest must start"],
  [`x@md5:${"a".repeat(32)}`, "digest must start"],
  [`x@SHA256:${"a".repeat(64)}`, "digest must start"],
  [`x@sha256:${"A".repeat(64)}`, "64 lower-case"],
  [`x@sha256:${"a".repeat(63)}`, "64 lower-case"],
  [`x@sha512:${"a".repeat(64)}`, "128 lower-case"],
  [`x@${SHA256}@${SHA256}`, "before an '@'"],
  ["a___b", "each part"],
  ["a..b", "each part"],
  ["a.-b", "each part"],
  ["-a", "each part"],
  ["a-", "each part"],
  [".a", "each part"],
  ["ä/x", "each part"],
  ["a\\b", "each part"],
  ["../etc", "not a host"],
  ["$(x)/y", "each part"],
  ["foo:bar/x", "not a host"],
  ["foo_bar.com/x", "not a host"],
  ["ex-.com/x", "not a host"],
  ["ghcr.io:/x", "not a host"],
  ["user@ghcr.io/x", "before an '@'"],
  ["[::1/x", "not a host"],
  ["[fe80::1%25eth0]:5000/x", "not a host"],
  ["[::1]", "each part"],
  ["a".repeat(248), "longer than 255"],
  [`h.io/${"a".repeat(256)}`, "longer than 255"],
  ["a/".repeat(1500), "longer than 2048"],
];

describe("parseImageReference", () => {
  test.each(valid)("takes %p", (text, registry, repository, pullTag, familiar) => {
    const reference = parseImageReference(text);
    expect(reference).toMatchObject({
      kind: "reference",
      registry,
      repository,
      pullName: `${registry}/${repository}`,
      pullTag,
      familiar,
    });
  });

  test.each(valid)("takes the familiar name of %p for the same image", (text) => {
    const reference = parseImageReference(text);
    if (reference.kind === "invalid") throw new Error(reference.reason);
    const again = parseImageReference(reference.familiar);
    expect(again).toMatchObject({ pullName: reference.pullName, pullTag: reference.pullTag });
  });

  test("tells tag and digest apart, and leaves out what is not there", () => {
    expect(parseImageReference("x")).not.toContainAnyKeys(["tag", "digest"]);
    expect(parseImageReference("x:t")).toMatchObject({ tag: "t" });
    expect(parseImageReference(`x@${SHA256}`)).not.toContainKey("tag");
    expect(parseImageReference(`x:t@${SHA256}`)).toMatchObject({ tag: "t", digest: SHA256 });
  });

  test.each(invalid)("refuses %p in one plain line", (text, why) => {
    const answer = parseImageReference(text);
    if (answer.kind !== "invalid") throw new Error(`taken as ${answer.pullName}`);
    expect(answer.reason).toContain(why);
    expect(answer.reason).not.toContain("\n");
    expect(answer.reason.length).toBeLessThan(400);
  });

  test.each([
    "https://user:hunter22@ghcr.io/x",
    "user:hunter22@ghcr.io/x",
    "user:hun/ter22@ghcr.io/x",
    "user:hunter22@@ghcr.io/x",
    `user:hunter22@ghcr.io/x@${SHA256}`,
    "user: hunter22@ghcr.io/x",
    `${"user:hunter22@".repeat(200)}x`,
  ])("shows no password of %p", (text) => {
    expect(JSON.stringify(parseImageReference(text))).not.toMatch(/hun|ter22/);
  });

  test("is quick with long nonsense", () => {
    const started = performance.now();
    for (const text of ["a-".repeat(1000), `${"a".repeat(2000)}!`, `${"a.".repeat(1000)}/`, "x".repeat(3_000_000)]) {
      expect(parseImageReference(text).kind).toBe("invalid");
    }
    expect(performance.now() - started).toBeLessThan(500);
  });
});
