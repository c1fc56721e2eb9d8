import { describe, expect, test } from "bun:test";
import { EngineError } from "../../../src/docker/engine/engine-error.ts";
import { explainEngine } from "../../../src/docker/engine/explain-engine.ts";

/** What engines from 20.10 on say, and what must be left of it. */
test.each([
  [
    'OCI runtime create failed: container_linux.go:380: starting container process caused: exec: "/agent/entrypoint.sh": stat /agent/entrypoint.sh: no such file or directory: unknown',
    "was not found",
  ],
  [
    'failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "tini": executable file not found in $PATH',
    "was not found",
  ],
  [
    'failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/agent/entrypoint.sh": permission denied',
    "cannot be executed",
  ],
  ["exec /agent/entrypoint.sh: exec format error", "cannot be executed"],
  [
    'invalid mount config for type "bind": bind source path does not exist: /srv/customers/acme',
    "one of its volumes or mounts",
  ],
  [
    'OCI runtime create failed: error mounting "/home/alice/.local/share/docker/volumes/x/_data" to rootfs at "/agent": not a directory',
    "one of its volumes or mounts",
  ],
  [
    "error while mounting volume '/var/lib/docker/volumes/x': failed to mount nfs 10.0.0.7:/export",
    "volumes or mounts",
  ],
  ["mkdir /var/lib/docker/overlay2/0a-init: no space left on device", "the disk of the Docker daemon is full"],
  ["No such image: team/app:1", "somebody removed its image"],
  ["No such container: 0a1b", "removed by somebody else"],
  ['Conflict. The container name "/oz-task-x" is already in use by container "0a"', "another container has its name"],
  ["Range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available", "CPU or memory"],
  ["unable to find user builder: no matching entries in passwd file", "names a user"],
  ["authorization denied by plugin opa.corp.example: rule 12 on 10.0.0.9", "the Docker daemon refused it"],
  ["<html>gateway-3.corp.example says no</html>", "the Docker daemon refused it"],
])("what an engine says is told in words of our own: %s", (said, words) => {
  const explained = explainEngine(new EngineError("status", said, 500));
  expect(explained.why).toContain(words);
  expect(explained.said).toBe(said);
  expect(explained.why).not.toMatch(/overlay2|corp|10\.0\.0|\/srv|\/home|\/var|0a/);
});

describe("an engine that does not answer", () => {
  test.each([
    ["unreachable", "POST /containers/create: connect ECONNREFUSED 10.1.2.3:2376"],
    ["timeout", "POST /containers/create: no answer within 60 s"],
    ["version", "POST /containers/create: client version 1.41 is too old"],
    ["malformed", "GET /x: getaddrinfo docker.corp.example"],
  ] as const)("is told of without its address: %s", (kind, said) => {
    const explained = explainEngine(new EngineError(kind, said));
    expect(explained.why).toMatch(/^the Docker daemon .*; the worker's log has more$/);
    expect(explained.said).toBe(said);
  });

  test("words of the worker's own stand as they are", () => {
    const error = new EngineError("aborted", "the Docker daemon was restarted just before");
    expect(explainEngine(error)).toEqual({ why: "the Docker daemon was restarted just before" });
  });
});
