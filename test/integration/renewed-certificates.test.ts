import { expect, test } from "bun:test";
import { ScratchFolder } from "../docker/endpoint/scratch-folder.ts";
import { startTlsDaemon } from "../docker/endpoint/tls-daemon.ts";
import { type ServerCertificate, TestAuthority } from "../support/certificates.ts";
import { WorkerFixture } from "../support/worker-fixture.ts";

test("the daemon's certificates are renewed under a running task, half at first: its true end is told, once, and work goes on", async () => {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(new ScratchFolder());
  const write = (files: Partial<Record<"ca" | "cert" | "key", string>>) => {
    for (const [name, text] of Object.entries(files)) folder.write(`${name}.pem`, text);
  };
  const [old, renewed] = [stack.use(new TestAuthority()), stack.use(new TestAuthority())];
  const clientOf = (authority: TestAuthority): ServerCertificate => authority.issue("DNS:client");
  write({ ca: old.pem, ...clientOf(old) });
  const before = await startTlsDaemon(old.issue(), old);
  const after = Promise.withResolvers<AsyncDisposable>();
  stack.defer(async () => (await after.promise)[Symbol.asyncDispose]());
  const fixture = stack.use(
    await WorkerFixture.start("renewed", {
      env: {
        DOCKER_HOST: `tcp://127.0.0.1:${before.port}`,
        DOCKER_TLS_VERIFY: "1",
        DOCKER_CERT_PATH: folder.path,
      },
    }),
  );
  const { oz, worker } = fixture;
  const data = await fixture.runUntilReady("echo ready; sleep 3; exit 7");

  await before[Symbol.asyncDispose]();
  await worker.waitForLine(/the Docker daemon does not answer/, 10_000);
  const client = clientOf(renewed);
  write({ ca: renewed.pem, cert: client.cert });
  after.resolve(await startTlsDaemon(renewed.issue(), renewed, undefined, before.port));
  await worker.waitForLine(/certificates .* cannot be used.*does not belong to/, 10_000);
  write({ key: client.key });

  expect((await oz.waitForResult(data.task_id, 30_000)).data).toMatchObject({ exit_code: 7 });
  await fixture.untilCleared(data.task_id);
  expect(oz.typesOf(data.task_id)).toEqual(["task_claimed", "task_failed"]);
  expect((await fixture.run("exit 0")).type).toBe("task_completed");
  const said = worker.lines.filter((line) => line.includes("the certificates for the Docker daemon"));
  expect(said).toHaveLength(2);
  expect(worker.lines.join("\n")).not.toContain("PRIVATE KEY");
}, 60_000);
