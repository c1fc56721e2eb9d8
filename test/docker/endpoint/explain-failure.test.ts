import { describe, expect, test } from "bun:test";
import { systemFiles } from "../../../src/docker/endpoint/endpoint-files.ts";
import type { EngineAddress, EngineAnswer } from "../../../src/docker/endpoint/engine-get.ts";
import { explainFailure } from "../../../src/docker/endpoint/explain-failure.ts";

const tcp: EngineAddress = { kind: "tcp", host: "10.0.0.1", port: 2375 };
const tls: EngineAddress = { ...tcp, tls: { verify: true, folder: "/certs" } };
const unix: EngineAddress = { kind: "unix", socketPath: "/run/docker.sock" };

const failed = (code: string, message = code): EngineAnswer => ({ kind: "failed", code, message });
const status = (code: number, body = ""): EngineAnswer => ({ kind: "answer", status: code, body });

const socketThere = { ...systemFiles, socketAt: () => ({ kind: "socket" }) as const };

describe("each failure has a reason and a way out", () => {
  const table: readonly (readonly [string, EngineAnswer, EngineAddress, string | RegExp])[] = [
    ["refused", failed("ECONNREFUSED"), tcp, "connection refused; start the daemon there"],
    ["no name", failed("ENOTFOUND"), tcp, "the host name cannot be resolved; check it and the DNS"],
    ["no DNS", failed("EAI_AGAIN"), tcp, "the host name cannot be resolved"],
    ["no route", failed("EHOSTUNREACH"), tcp, "the host cannot be reached; check the address"],
    ["closed", failed("ECONNRESET"), tcp, "if the daemon wants TLS, set DOCKER_TLS_VERIFY=1"],
    ["closed under TLS", failed("ECONNRESET"), tls, "check that the daemon speaks TLS on this port"],
    ["unknown CA", failed("SELF_SIGNED_CERT_IN_CHAIN"), tls, "is not signed by the CA of /certs/ca.pem"],
    ["expired", failed("CERT_HAS_EXPIRED"), tls, "the daemon's certificate has expired"],
    ["of tomorrow", failed("CERT_NOT_YET_VALID"), tls, "check the clocks of both machines"],
    ["of another", failed("ERR_TLS_CERT_ALTNAME_INVALID"), tls, "the daemon's certificate is for another host"],
    [
      "client not wanted",
      failed("ERR_SSL_TLSV1_ALERT_UNKNOWN_CA"),
      tls,
      "the daemon refuses the client certificate /certs/cert.pem (unknown ca)",
    ],
    ["no TLS there", failed("ERR_SSL_WRONG_VERSION_NUMBER"), tls, "the daemon does not speak TLS on this port"],
    ["something new", failed("EWHAT", "odd\nthing"), tcp, "EWHAT odd\\nthing; check that a Docker daemon listens"],
    ["time", { kind: "timeout" }, tcp, "no answer within 5 s; see whether the daemon hangs or a firewall"],
    [
      "TLS wanted",
      status(400, "Client sent an HTTP request to an HTTPS server.\n"),
      tcp,
      "the daemon wants TLS; set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the folder",
    ],
    ["guarded", status(403), tcp, "it refuses the request (HTTP 403)"],
    ["ill", status(500, "disk full\nmore"), tcp, "it answers with HTTP 500 (disk full); see the daemon's own log"],
    ["another server", status(404, "<html>"), tcp, "it answers with HTTP 404, not as a Docker daemon does"],
    ["no socket", failed("ENOENT"), unix, "there is no such socket; start Docker, or mount its socket"],
    ["dead socket", failed("ECONNREFUSED"), unix, "nothing listens on this socket; start Docker"],
    [
      "no right",
      failed("EACCES"),
      unix,
      /its group \(gid 998\) with `usermod -aG docker \S+` and log in again, or in a container/,
    ],
    ["no right in a container", failed("EACCES"), unix, "`--group-add 998`"],
    ["closed socket", failed("ECONNRESET", "gone"), unix, "ECONNRESET gone; check that a Docker daemon listens"],
  ];
  test.each(table)("%s", (_, answer, address, words) => {
    expect(explainFailure(answer, address, 5000, socketThere, () => ({ gid: 998, name: "docker" }))).toMatch(
      typeof words === "string" ? new RegExp(RegExp.escape(words)) : words,
    );
  });

  test("a relative path is the usual slip", () => {
    const address: EngineAddress = { kind: "unix", socketPath: "var/run/docker.sock" };
    expect(explainFailure(failed("ENOENT"), address, 5000)).toContain(
      "(the path is relative: unix:// takes a third slash)",
    );
  });

  test("a group that cannot be seen", () => {
    const words = explainFailure(failed("EACCES"), unix, 5000, socketThere, () => undefined);
    expect(words).toContain("add the worker's user to its group with `usermod -aG <name of that group> ");
    expect(words).toContain("`--group-add <gid of the socket>`");
  });
});
