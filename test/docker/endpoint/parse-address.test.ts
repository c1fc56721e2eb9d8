import { describe, expect, test } from "bun:test";
import { parseAddress } from "../../../src/docker/endpoint/parse-address.ts";

const cli = { allowHttp: false };

describe("an address is read as the Docker CLI reads it", () => {
  const table: readonly (readonly [string, object])[] = [
    ["unix:///run/user/1000/docker.sock", { kind: "unix", socketPath: "/run/user/1000/docker.sock" }],
    ["unix://", { kind: "unix", socketPath: "/var/run/docker.sock" }],
    ["unix://var/run/docker.sock", { kind: "unix", socketPath: "var/run/docker.sock" }],
    ["unix:///with space/docker.sock", { kind: "unix", socketPath: "/with space/docker.sock" }],
    [" unix:///a.sock\n", { kind: "unix", socketPath: "/a.sock" }],
    ["tcp://10.0.0.1:2376", { kind: "tcp", host: "10.0.0.1", port: 2376, secure: false }],
    ["tcp://docker.internal", { kind: "tcp", host: "docker.internal", secure: false }],
    ["tcp://docker.internal:", { kind: "tcp", host: "docker.internal", secure: false }],
    ["tcp://docker.internal:2375/", { kind: "tcp", host: "docker.internal", port: 2375, secure: false }],
    ["tcp://", { kind: "tcp", host: "localhost", secure: false }],
    ["tcp://:2377", { kind: "tcp", host: "localhost", port: 2377, secure: false }],
    ["tcp://[::1]:2375", { kind: "tcp", host: "::1", port: 2375, secure: false }],
    ["tcp://[fe80::1%eth0]", { kind: "tcp", host: "fe80::1%eth0", secure: false }],
    ["tcp://user:word@10.0.0.1:1", { kind: "tcp", host: "10.0.0.1", port: 1, secure: false }],
    ["10.0.0.1:99", { kind: "tcp", host: "10.0.0.1", port: 99, secure: false }],
    ["docker", { kind: "tcp", host: "docker", secure: false }],
    ["ssh://box", { kind: "ssh", host: "box", remoteSocket: "/var/run/docker.sock" }],
    ["ssh://me@box:2222", { kind: "ssh", host: "box", user: "me", port: 2222, remoteSocket: "/var/run/docker.sock" }],
    ["ssh://me%40corp@box/", { kind: "ssh", host: "box", user: "me@corp", remoteSocket: "/var/run/docker.sock" }],
    ["ssh://box/run/user/1000/docker.sock", { kind: "ssh", host: "box", remoteSocket: "/run/user/1000/docker.sock" }],
    ["ssh://[::1]:22", { kind: "ssh", host: "::1", port: 22, remoteSocket: "/var/run/docker.sock" }],
  ];
  test.each(table)("%s", (text, expected) => {
    expect(parseAddress(text, cli)).toEqual(expected as ReturnType<typeof parseAddress>);
  });
});

describe("an address that cannot be used is refused with the way out", () => {
  const table: readonly (readonly [string, string])[] = [
    ["/var/run/docker.sock", "is a path without a scheme; write unix:// in front of it"],
    ["http://10.0.0.1:2375", "write tcp://, with DOCKER_TLS_VERIFY=1 for TLS"],
    ["https://10.0.0.1:2376", "write tcp://, with DOCKER_TLS_VERIFY=1 for TLS"],
    ["npipe:////./pipe/docker_engine", "is a Windows named pipe"],
    ["fd://", "is for the daemon's own side"],
    ["TCP://10.0.0.1", "unknown scheme; use unix://, tcp:// or ssh://"],
    ["ftp://10.0.0.1", "unknown scheme; use unix://, tcp:// or ssh://"],
    ["tcp://::1:2375", "an IPv6 address goes in brackets"],
    ["tcp://10.0.0.1:0", "has a port outside 1 to 65535"],
    ["tcp://10.0.0.1:65536", "has a port outside 1 to 65535"],
    ["tcp://10.0.0.1:http", "is no HOST:PORT"],
    ["tcp://10.0.0.1:2375/docker", "has something after the port"],
    ["tcp://two words:1", "has a host name that cannot be one"],
    ["ssh://", "has no host; write ssh://USER@HOST"],
    ["ssh://-oProxyCommand=x", "has a host name that cannot be one"],
    ["ssh://-l@box", "has a user name that cannot be one"],
    ["ssh://%zz@box", "has a user name that cannot be one"],
    ["ssh://box?x=1", "has more than a socket path after the host"],
    ["ssh://box/a:b", "has more than a socket path after the host"],
    ["ssh://box/%24%7BHOME%7D/x", "has more than a socket path after the host"],
  ];
  test.each(table)("%s", (text, reason) => {
    const parsed = parseAddress(text, cli);
    expect(parsed.kind === "failed" ? parsed.problem : parsed).toContain(reason);
  });

  test("a password is not shown", () => {
    const parsed = parseAddress("ssh://me:hunter2@box", cli);
    expect(parsed).toEqual({
      kind: "failed",
      problem: 'the address "ssh://...@box" holds a password, which ssh does not take from an address; use a key',
    });
  });

  test("whatever the address holds, the reason is one short line", () => {
    const parsed = parseAddress(`ftp://\u001b[31m\n${"x".repeat(5000)}`, cli);
    const problem = parsed.kind === "failed" ? parsed.problem : "";
    expect(problem).not.toMatch(/\p{Cc}/u);
    expect(problem.length).toBeLessThan(400);
  });
});

test("contexts may hold http and https", () => {
  expect(parseAddress("http://10.0.0.1:1", { allowHttp: true })).toMatchObject({ kind: "tcp", secure: false });
  expect(parseAddress("https://10.0.0.1:1", { allowHttp: true })).toMatchObject({ kind: "tcp", secure: true });
});
