import { describe, expect, test } from "bun:test";
import { describeClose, diagnose } from "../../src/control-plane/diagnosis.ts";
import type { DialFailure } from "../../src/control-plane/wire.ts";

const target = { host: "oz.example:8443" };
const proxied = { host: "oz.example", proxyHost: "proxy.example:3128" };
const status = (code: number): DialFailure => ({ kind: "status", status: code });
const code = (name: string, detail = ""): DialFailure => ({ kind: "code", code: name, detail });

describe("diagnose", () => {
  test.each<[DialFailure, RegExp]>([
    [status(401), /^401: .*API key.*--api-key.*WARP_API_KEY/],
    [status(403), /^403: .*API key.*--api-key.*WARP_API_KEY/],
    [status(404), /^404: .*the address of Oz/],
    [status(426), /^426: .*upgrade/],
    [status(429), /^429: too many/],
    [status(500), /^500: .*not available/],
    [status(503), /^503: .*not available/],
    [status(302), /^302: .*redirects/],
    [status(200), /^200: .*not a WebSocket endpoint/],
    [status(400), /^400: .*refused/],
    [status(407), /^407: .*proxy/],
    [code("ENOTFOUND"), /oz\.example:8443 cannot be found; check DNS and the address of Oz/],
    [code("EAI_AGAIN"), /cannot be looked up at the moment/],
    [code("ECONNREFUSED"), /^connection refused by oz\.example:8443/],
    [code("ECONNRESET"), /oz\.example:8443 ended the connection/],
    [code("ENETUNREACH"), /no way to oz\.example:8443/],
    [code("ETIMEDOUT"), /no answer from oz\.example:8443/],
    [code("HPE_INVALID_CONSTANT"), /does not answer as a web server/],
    [code("ESOMETHING"), /failed \(ESOMETHING\)/],
    [code("UNABLE_TO_VERIFY_LEAF_SIGNATURE"), /^TLS to oz\.example:8443 failed: .*unknown authority.*SSL_CERT_FILE/],
    [code("SELF_SIGNED_CERT_IN_CHAIN"), /unknown authority.*NODE_EXTRA_CA_CERTS/],
    [code("DEPTH_ZERO_SELF_SIGNED_CERT"), /self-signed/],
    [code("CERT_HAS_EXPIRED"), /expired.*clock/],
    [code("CERT_NOT_YET_VALID"), /not valid yet/],
    [code("ERR_TLS_CERT_ALTNAME_INVALID", "Hostname/IP does not match certificate's altnames"), /another name/],
    [code("EPROTO", "error:100000f7:SSL routines:OPENSSL_internal:WRONG_VERSION_NUMBER"), /does not speak TLS/],
    [code("EPROTO", "error:1:SSL routines:x:TLSV1_ALERT_PROTOCOL_VERSION"), /failed: TLSV1_ALERT_PROTOCOL_VERSION/],
    [{ kind: "timeout", afterMs: 15_000 }, /^no answer from oz\.example:8443 within 15 s/],
    [{ kind: "unsendable" }, /API key.*cannot be sent; check WARP_API_KEY/],
    [{ kind: "unclear" }, /ended the connection before it was a WebSocket/],
  ])("%p", (failure, expected) => {
    expect(diagnose(failure, target)).toMatch(expected);
  });

  test.each<[DialFailure, RegExp]>([
    [code("ENOTFOUND"), /the proxy proxy\.example:3128 cannot be found.*HTTPS_PROXY/],
    [code("ECONNREFUSED"), /refused by the proxy proxy\.example:3128.*HTTPS_PROXY/],
    [{ kind: "proxy-status", status: 407 }, /the proxy proxy\.example:3128 asks for a user and a password.*407/],
    [{ kind: "proxy-status", status: 502 }, /the proxy proxy\.example:3128 answered 502/],
    [{ kind: "timeout", afterMs: 15_000 }, /through the proxy proxy\.example:3128/],
    [code("CERT_HAS_EXPIRED"), /^TLS to oz\.example failed/],
    [status(401), /^401: .*API key/],
  ])("through a proxy: %p", (failure, expected) => {
    expect(diagnose(failure, proxied)).toMatch(expected);
  });

  test("through a proxy over TLS both sides are named", () => {
    expect(diagnose(code("CERT_HAS_EXPIRED"), { ...proxied, proxyIsSecure: true })).toMatch(
      /^TLS to oz\.example, or to the proxy proxy\.example:3128, failed: its certificate/,
    );
  });
});

test.each([
  [1006, "", "the connection broke"],
  [1005, "", "Oz closed it without a code"],
  [1001, "", "Oz closed it with code 1001"],
  [4001, '"replaced"', 'Oz closed it with code 4001: "replaced"'],
])("a close with code %p", (closeCode, reason, expected) => {
  expect(describeClose(closeCode, reason)).toBe(expected);
});
