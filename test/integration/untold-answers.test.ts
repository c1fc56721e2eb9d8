import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServer, type Server } from "node:net";
import { sidecarImage } from "../support/images.ts";
import { WorkerFixture } from "../support/worker-fixture.ts";

/**
 * Who chooses an image makes the daemon ask any address of its machine. What answers there, and whether anything does, is
 * not for Oz; the words are in the worker's log.
 */

const SECRET = "inner-secret-5511";
let fixture: WorkerFixture;
beforeAll(async () => {
  fixture = await WorkerFixture.start("untold");
});
afterAll(() => fixture.close());

/** The message about an image behind a port, without the port. */
async function toldOf(port: number): Promise<string> {
  const image = `127.0.0.1:${port}/x/unauthorized-403:not-found`;
  const { data } = await fixture.run("exit 0", { docker_image: image }, 60_000);
  return String(data.message).replaceAll(`127.0.0.1:${port}`, "ADDRESS");
}

const http = (status: number, body: string, headers: Record<string, string> = {}) =>
  Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response(body, { status, headers }) });

async function speaking(banner: string): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.end(banner);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return { server, port: address !== null && typeof address === "object" ? address.port : 0 };
}

test("a closed port, and whatever is no registry behind an open one, is told in the same words", async () => {
  const json = { "Content-Type": "application/json" };
  const servers = [
    http(200, `<html>${SECRET}</html>`),
    http(404, `${SECRET} not found, access denied, 403`),
    http(403, `${SECRET} unauthorized`),
    http(429, `${SECRET} toomanyrequests`),
    http(500, `${SECRET} no space left on device`),
    http(400, JSON.stringify({ details: SECRET, error: SECRET }), json),
    http(404, JSON.stringify({ message: SECRET }), json),
  ];
  const speakers = await Promise.all([speaking(`SSH-2.0-${SECRET}\r\n`), speaking(""), speaking(`-ERR ${SECRET}\r\n`)]);
  try {
    const ports = [...servers.map(({ port }) => port ?? 0), ...speakers.map(({ port }) => port), 1];
    const messages = await Promise.all(ports.map(toldOf));
    const said =
      'Failed to execute task: could not pull image "ADDRESS/x/unauthorized-403:not-found": its registry could not be reached, or what answers there is no registry; the worker\'s log has more';
    expect(messages).toEqual(ports.map(() => said));
    expect(fixture.oz.received.map(({ text }) => text).join("\n")).not.toContain(SECRET);
    expect(fixture.worker.lines.join("\n")).toContain(SECRET);
  } finally {
    for (const server of servers) await server.stop(true);
    for (const { server } of speakers) server.close();
  }
}, 90_000);

test("what a registry says is in the log, with the task, and not in the message", async () => {
  const errors = [{ code: "MANIFEST_UNKNOWN", message: `no ${SECRET} here` }];
  const server = http(404, JSON.stringify({ errors }), { "Content-Type": "application/json" });
  try {
    const image = `127.0.0.1:${server.port}/x/y:1`;
    const { data, taskId } = await fixture.run("exit 0", { docker_image: image });
    expect(data.message).toBe(
      `Failed to execute task: could not pull image "${image}": its registry has no such image; check its name and tag`,
    );
    const line = await fixture.worker.waitForLine(new RegExp(`task failed task=${taskId}`));
    expect(line).toContain(`no ${SECRET} here`);
  } finally {
    await server.stop(true);
  }
});

describe("what stands before an @ of an image's name is shown nowhere:", () => {
  test.each(["user:hunter22@127.0.0.1:1/x", "https://user:hunter22@ghcr.io/x", "user:hun/ter22@ghcr.io/x:1"])(
    "%p",
    async (image) => {
      const extra = { image, mount_path: "relative" };
      const results = [
        await fixture.run("exit 0", { docker_image: image }),
        await fixture.run("exit 0", { sidecar_image: image }),
        await fixture.run("exit 0", { additional_sidecars: [{ ...extra, mount_path: "/x" }] }),
        await fixture.run("exit 0", { additional_sidecars: [extra] }),
      ];
      for (const { data } of results) expect(data.message).toMatch(/\[redacted\]@|the image name/);
      const said = [...fixture.worker.lines, ...results.map(({ data }) => JSON.stringify(data))].join("\n");
      expect(said).not.toMatch(/hunter22|hun\/ter22|ter22/);
    },
  );
});

test("a name with a digest is shown whole", async () => {
  const { pinned } = await sidecarImage(fixture.environment, { name: "untold-side" });
  const missing = pinned.replace(/.{8}$/, "00000000");
  const { data } = await fixture.run("exit 0", { sidecar_image: missing });
  expect(data.message).toContain(`"${missing}"`);
});
