import { expect, test } from "bun:test";
import { type DockerEndpoint, exposure } from "../../../src/docker/endpoint/docker-endpoint.ts";

const tcp = (host: string, verify?: boolean): DockerEndpoint => ({
  kind: "tcp",
  host,
  port: 2375,
  ...(verify === undefined ? {} : { tls: { verify, folder: "/certs" } }),
});

test.each([
  [tcp("build.example"), /^tcp:\/\/build\.example:2375 is used without TLS: .*DOCKER_TLS_VERIFY=1 or ssh:\/\/$/],
  [tcp("10.0.0.3"), /without TLS/],
  [
    tcp("build.example", false),
    /^tcp:\/\/build\.example:2375 with TLS is used with a certificate that nobody checks: /,
  ],
] as const)("what is open to others on the way is said: %j", (endpoint, expected) => {
  expect(exposure(endpoint)).toMatch(expected);
});

test.each([
  tcp("127.0.0.1"),
  tcp("::1", false),
  tcp("localhost"),
  tcp("build.example", true),
  { kind: "unix", socketPath: "/var/run/docker.sock" },
  { kind: "ssh", host: "build.example", remoteSocket: "/var/run/docker.sock" },
] as const)("nothing is: %j", (endpoint) => {
  expect(exposure(endpoint)).toBeUndefined();
});
