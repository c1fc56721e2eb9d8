import { describe, expect, test } from "bun:test";
import { type PullFailureKind, toPullFailure, wantsLogin } from "../../../src/docker/images/pull-failure.ts";
import { type ImageReference, parseImageReference } from "../../../src/docker/registry/image-reference.ts";

function referenceOf(image: string): ImageReference {
  const reference = parseImageReference(image);
  if (reference.kind === "invalid") throw new Error(reference.reason);
  return reference;
}
const kindOf = (said: string, image = "127.0.0.1:5000/team/app:1") => toPullFailure(said, referenceOf(image)).kind;

/** What engines from 20.10 on say, with both of their image stores. */
const said: readonly [words: string, kind: PullFailureKind][] = [
  ["manifest for 127.0.0.1:5000/team/app:1 not found: manifest unknown: manifest unknown", "not-found"],
  ["repository 127.0.0.1:5000/team/app not found: does not exist or no pull access", "not-found"],
  ['failed to resolve reference "127.0.0.1:5000/team/app:1": 127.0.0.1:5000/team/app:1: not found', "not-found"],
  [
    "pull access denied for team/app, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    "denied",
  ],
  ['Head "http://127.0.0.1:5000/v2/team/app/manifests/1": unauthorized: authentication required', "denied"],
  ['Get "https://registry-1.docker.io/v2/": unauthorized: incorrect username or password', "denied"],
  ["no basic auth credentials", "denied"],
  ["pulling from host 127.0.0.1:5000 failed with status code [manifests 1]: 401 Unauthorized", "denied"],
  [
    "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://a.io/token?x=1: 403 Forbidden",
    "denied",
  ],
  ['denied: Permission denied for "team" from request', "denied"],
  ["toomanyrequests: too many failed login attempts for username or IP address", "denied"],
  ["toomanyrequests: You have reached your pull rate limit", "limited"],
  ["toomanyrequests: retry-after: 312.6µs, allowed: 44000/minute", "limited"],
  [
    "failed to fetch anonymous token: unexpected status from GET request to https://a.io/token: 429 Too Many Requests",
    "limited",
  ],
  ['Get "http://127.0.0.1:5000/v2/": dial tcp 127.0.0.1:5000: connect: connection refused', "unreachable"],
  ['Get "https://h.example/v2/": dial tcp: lookup h.example on 127.0.0.53:53: no such host', "unreachable"],
  ['Get "https://h.example/v2/": dial tcp: lookup h.example on 127.0.0.53:53: server misbehaving', "unreachable"],
  ["net/http: TLS handshake timeout", "unreachable"],
  [
    "net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)",
    "unreachable",
  ],
  ["http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=NO_ERROR", "unreachable"],
  ["read tcp 172.17.0.2:40404->10.0.0.1:443: read: connection reset by peer", "unreachable"],
  ["unexpected EOF", "unreachable"],
  ["context canceled", "unreachable"],
  ["received unexpected HTTP status: 503 Service Unavailable", "unreachable"],
  ["proxyconnect tcp: dial tcp 10.0.0.9:3128: connect: connection refused", "unreachable"],
  ["Proxy Authentication Required", "unreachable"],
  ["http: server gave HTTP response to HTTPS client", "unreachable"],
  [
    "error parsing HTTP 404 response body: invalid character 'N' looking for beginning of value: \"Not found, access denied\"",
    "unreachable",
  ],
  ['net/http: HTTP/1.x transport connection broken: malformed HTTP response "SSH-2.0-denied"', "unreachable"],
  ["missing signature key", "unreachable"],
  ["something that nobody knows", "unreachable"],
  ["x509: certificate signed by unknown authority", "certificate"],
  ["tls: failed to verify certificate: x509: certificate has expired or is not yet valid", "certificate"],
  ["no matching manifest for linux/arm64 in the manifest list entries", "platform"],
  ["no match for platform in manifest: not found", "platform"],
  ['image operating system "windows" cannot be used on this platform', "platform"],
  [`filesystem layer verification failed for digest sha256:${"40".repeat(32)}`, "damaged"],
  [`commit failed: unexpected commit digest sha256:1a, expected sha256:1b: failed precondition`, "damaged"],
  ['failed commit on ref "layer-sha256:1a": failed size validation: 9 != 8: failed precondition', "damaged"],
  ["write /var/lib/docker/tmp/GetImageBlob1: no space left on device", "disk-full"],
  [
    "failed to register layer: Error processing tar file(exit status 1): write /x: no space left on device",
    "disk-full",
  ],
  ["failed to register layer: Error processing tar file(exit status 1): unexpected EOF", "daemon"],
  ["open /var/lib/docker/overlay2/x: permission denied", "daemon"],
  ["mkdir /var/lib/docker/tmp: read-only file system", "daemon"],
  ["authorization denied by plugin opa: no", "daemon"],
];

test.each(said)("%s", (words, kind) => {
  expect(kindOf(words)).toBe(kind);
});

describe("an image's own name is none of the words", () => {
  const NAMES = [
    "x/unauthorized-403:not-found",
    "127.0.0.1:429/unauthorized-403/denied:not-found",
    "127.0.0.1:401/no-space-left/x509:toomanyrequests",
    "denied.unauthorized.example/manifest-unknown:429",
    "h.example:403/team/403:404",
    "denied",
    "unauthorized:429",
    "x509",
    "certificate/forbidden",
    "does",
    `127.0.0.1:5000/denied/x:not-found@sha256:${"403".repeat(21)}4`,
    `127.0.0.1:5000/denied/x@sha256:${"429".repeat(21)}4`,
  ];
  /** The words of the engines, around every form in which they repeat a name. */
  const frames = ({ familiar, registry, repository, pullName, pullTag }: ImageReference) => {
    const name = familiar.split(/[@]|:(?=[^/]*$)/)[0] ?? "";
    const url = `http://${registry}/v2/${repository}/manifests/${pullTag}`;
    const scope = `scope=${encodeURIComponent(`repository:${repository}:pull`)}`;
    const expected: readonly [string, PullFailureKind][] = [
      [`Get "${url}": dial tcp 127.0.0.1:403: connect: connection refused`, "unreachable"],
      [`failed to resolve reference "${pullName}:x": failed to do request: Head "${url}": EOF`, "unreachable"],
      [`Get "https://auth.example/token?${scope}&service=x": net/http: TLS handshake timeout`, "unreachable"],
      [`Get "https://auth.example/token?${scope}": unauthorized: wrong`, "denied"],
      [`pull access denied for ${name}, repository does not exist or may require 'docker login'`, "denied"],
      [`manifest for ${familiar} not found: manifest unknown: manifest unknown`, "not-found"],
      [`repository ${name} not found: does not exist or no pull access`, "not-found"],
      [
        `pulling from host ${registry} failed with status code [manifests ${pullTag}]: 500 Internal Server Error`,
        "unreachable",
      ],
      [`Head "${url}": toomanyrequests: slow down`, "limited"],
      [`failed to copy: httpReadSeeker: failed open: ${pullName}: unexpected EOF`, "unreachable"],
      [`dial tcp: lookup ${registry}: server misbehaving`, "unreachable"],
    ];
    return expected;
  };
  test.each(NAMES)("%s", (image) => {
    for (const [words, kind] of frames(referenceOf(image)))
      expect([words, kindOf(words, image)]).toEqual([words, kind]);
  });
});

test.each<[string, PullFailureKind, boolean, boolean]>([
  ["unauthorized: authentication required", "denied", false, true],
  ["toomanyrequests: slow down", "limited", false, true],
  ["error parsing HTTP 403 response body: invalid character '<': \"<html>\"", "denied", true, true],
  ["error parsing HTTP 401 response body: invalid character '<': \"HTTP 429\"", "denied", true, true],
  ["error parsing HTTP 429 response body: invalid character 'T': \"Too many\"", "limited", true, true],
  ["error parsing HTTP 404 response body: invalid character '<': \"403 denied\"", "unreachable", true, false],
  ["manifest unknown", "not-found", false, false],
  ["unexpected EOF", "unreachable", false, false],
])("%s: %s, foreign %p, a login may help %p", (words, kind, isForeign, mayHelp) => {
  const failure = toPullFailure(words, referenceOf("x"));
  expect([failure.kind, failure.isForeign ?? false, wantsLogin(failure)]).toEqual([kind, isForeign, mayHelp]);
});

test.each(["a-", "a.", "1.", "lookup ", "https://"])(
  "a registry's words of nothing but %j are read in no time",
  (part) => {
    const reference = referenceOf("x");
    const begun = performance.now();
    toPullFailure(part.repeat(1_000_000), reference);
    expect(performance.now() - begun).toBeLessThan(250);
  },
);
