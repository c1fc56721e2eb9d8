import { describe, expect, test } from "bun:test";
import { exitOf } from "../../../src/docker/container/container-exit.ts";
import { settledResult } from "../../../src/docker/container/follow-adopted.ts";
import type { ContainerDetails } from "../../../src/docker/engine/engine-schemas.ts";
import type { ExecutionResult } from "../../../src/task/execution-result.ts";

function container(Status: string, state: Partial<ContainerDetails["State"]> = {}): ContainerDetails {
  return {
    Id: "id",
    Name: "/oz-task-x",
    Created: "",
    Image: "sha256:1",
    State: {
      Status,
      Running: Status === "running" || Status === "paused",
      Paused: Status === "paused",
      OOMKilled: false,
      ExitCode: 0,
      Error: "",
      StartedAt: "",
      FinishedAt: "",
      ...state,
    },
    Config: { Image: "x", Labels: {}, Env: [], Cmd: [] },
  };
}

describe("how a container ended", () => {
  test.each([
    ["exited", container("exited", { ExitCode: 9 }), { kind: "exited", exitCode: 9, oomKilled: false }],
    ["killed for memory", container("exited", { ExitCode: 137, OOMKilled: true }), { exitCode: 137, oomKilled: true }],
    ["dead", container("dead", { ExitCode: 255 }), { exitCode: 255 }],
  ] as const)("%s", (_, details, expected) => {
    expect(exitOf(details)).toMatchObject(expected);
  });
  test.each(["created", "running", "paused", "restarting", "removing"])("not yet: %s", (status) => {
    expect(exitOf(container(status))).toBeUndefined();
  });
});

describe("what a dead worker's execution has come to", () => {
  const failed: ExecutionResult = { kind: "failed", reason: "image_pull", detail: "no such image" };
  const cancelled: ExecutionResult = { kind: "stopped", cause: "cancelled" };
  type Case = [string, ContainerDetails | undefined, ExecutionResult | undefined, object | undefined];
  test.each<Case>([
    ["the container tells", container("exited", { ExitCode: 3 }), undefined, { kind: "exited", exitCode: 3 }],
    ["a verdict counts more than a container", container("created"), failed, failed],
    ["a verdict without a container", undefined, failed, failed],
    ["stopped, and ended", container("exited", { ExitCode: 143 }), cancelled, { ...cancelled, exitCode: 143 }],
    ["stopped before it was started", container("created"), cancelled, cancelled],
    ["stopped before there was one", undefined, cancelled, cancelled],
    ["being stopped", container("running"), cancelled, undefined],
    ["still running", container("running"), undefined, undefined],
    ["paused", container("paused"), undefined, undefined],
    ["nothing at all", undefined, undefined, undefined],
    ["never started", container("created"), undefined, { kind: "failed", reason: "container_start" }],
  ])("%s", (_, details, verdict, expected) => {
    if (expected === undefined) expect(settledResult(details, verdict)).toBeUndefined();
    else expect(settledResult(details, verdict)).toMatchObject(expected);
  });

  test("a start that failed is told in words of our own, and the daemon's are for the log", () => {
    const details = container("created", { Error: "exec: /var/lib/docker/x: no\nsuch file " });
    const result = settledResult(details, undefined);
    if (result?.kind !== "failed") throw new Error("no failure");
    expect(result.detail).toStartWith("could not start container oz-task-x: what it begins with");
    expect(result.detail).not.toContain("/var/lib");
    expect(result.said).toBe("exec: /var/lib/docker/x: no such file");
  });
});
