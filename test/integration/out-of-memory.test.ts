import { afterAll, beforeAll, expect, test } from "bun:test";
import { connect, createServer, type Server } from "node:net";
import { testEnvironment } from "../support/environment.ts";
import { OBEDIENT, WorkerFixture } from "../support/worker-fixture.ts";

let daemon: Server;
let fixture: WorkerFixture;
beforeAll(async () => {
  daemon = await tellingDaemon(testEnvironment().dockerHost.slice("unix://".length));
  const address = daemon.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  fixture = await WorkerFixture.start("memory", { env: { DOCKER_HOST: `tcp://127.0.0.1:${address.port}` } });
});
afterAll(async () => {
  await fixture.close();
  daemon.close();
});

/**
 * The daemon, as it answers where the kernel tells it of kills for memory: there are kernels and control groups on which
 * it never learns of them. Every container counts as one in which something was killed for memory.
 */
function tellingDaemon(socketPath: string): Promise<Server> {
  const server = createServer((client) => {
    const upstream = connect(socketPath);
    client.pipe(upstream);
    upstream.on("data", (chunk) => {
      // Of the same length: nothing else of the answer changes.
      const told = chunk.toString("latin1").replaceAll('"OOMKilled":false', '"OOMKilled":true ');
      client.write(Buffer.from(told, "latin1"));
    });
    upstream.on("end", () => client.end());
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      socket.on("error", () => other.destroy());
      socket.on("close", () => other.destroy());
    }
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

test("a container that was killed for memory is container_oom, with code 137", async () => {
  const { task_id } = await fixture.runUntilReady(OBEDIENT);
  await (await fixture.untilReady(task_id)).kill({ signal: "SIGKILL" });
  const { data } = await fixture.oz.waitForResult(task_id);
  expect(data).toMatchObject({ failure_reason: "container_oom", exit_code: 137 });
  expect(data.message).toContain("memory");
});

test("one whose own code says otherwise has that code, though a process of it was killed for memory", async () => {
  const { data } = await fixture.run("exit 5");
  expect(data).toMatchObject({ failure_reason: "container_exit", exit_code: 5 });
});

test("one that has ended with 0 all the same is completed", async () => {
  expect((await fixture.run("exit 0")).type).toBe("task_completed");
});
