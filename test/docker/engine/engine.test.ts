import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import * as v from "valibot";
import { createEngine, type EngineRequest } from "../../../src/docker/engine/engine.ts";
import { isEngineAway, mayBeDone } from "../../../src/docker/engine/engine-error.ts";
import { enginePath } from "../../../src/docker/engine/engine-path.ts";

const socketPath = join(tmpdir(), `oz-engine-${crypto.randomUUID().slice(0, 8)}.sock`);
const engine = createEngine(new Docker({ socketPath }).modem);
const GET: EngineRequest = { method: "GET", path: enginePath`/x` };
let server: Server;
let answer: RequestListener = () => {};

beforeAll(async () => {
  server = createServer((request, response) => answer(request, response));
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(socketPath, { force: true });
});

function says(status: number, body: object): void {
  answer = (_, response) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
  };
}

async function failure(request: EngineRequest = GET): Promise<unknown> {
  return await engine.run(request).then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("an answer", () => {
  test("is checked against its schema", async () => {
    says(200, { Id: "1", More: true });
    expect(await engine.call(GET, v.object({ Id: v.string() }))).toEqual({ Id: "1" });
    says(200, { Id: 1 });
    const malformed = engine.call(GET, v.object({ Id: v.string() }));
    await expect(malformed).rejects.toMatchObject({ kind: "malformed", message: expect.stringContaining("Id") });
  });

  test.each([
    [404, "No such container: x", "status"],
    [409, "Conflict", "status"],
    [500, "driver failed: no space left on device", "status"],
    [500, "create x: database not open", "unreachable"],
    [500, "Stat /data/overlay2/1a-init/merged/etc: no such file or directory", "unreachable"],
    [500, "error mounting x to rootfs: /data/overlay2/1a/merged/y: no such file or directory", "status"],
    [500, "grpc: the client connection is closing: context canceled", "unreachable"],
    [500, "transport is closing: unavailable", "unreachable"],
    [404, "context canceled", "status"],
  ])("with status %d, %s, is %s", async (status, message, kind) => {
    says(status, { message });
    const error = await failure();
    expect(error).toMatchObject({ kind, message: expect.stringContaining(message) });
    expect(isEngineAway(error)).toBe(kind === "unreachable");
  });
});

describe("an answer that does not end", () => {
  const endless: RequestListener = (_, response) => {
    response.writeHead(status);
    const chunk = Buffer.alloc(1024 * 1024, "[");
    const write = () => {
      while (response.write(chunk));
    };
    response.on("drain", write);
    write();
  };
  let status = 200;

  test("is given up where it is read whole, at its bound, and the memory stays", async () => {
    answer = endless;
    status = 200;
    const before = process.memoryUsage().rss;
    await expect(engine.call(GET, v.any())).rejects.toMatchObject({
      kind: "malformed",
      message: expect.stringContaining("more than 16384 KiB"),
    });
    await expect(engine.call({ ...GET, maxAnswerBytes: 1_000_000 }, v.any())).rejects.toThrow("more than 977 KiB");
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
  });

  test("is given up where it is a failure", async () => {
    answer = endless;
    status = 500;
    expect(await failure()).toMatchObject({ kind: "malformed", message: expect.stringContaining("more than 64 KiB") });
    const opened = await engine.open(GET).catch((error: unknown) => error);
    expect(opened).toMatchObject({ kind: "malformed" });
  });

  test("ends with its call's limit where it is dropped", async () => {
    answer = endless;
    status = 200;
    expect(await failure({ ...GET, limitMs: 200 })).toMatchObject({ kind: "timeout" });
  });

  test("breaks off: that is no answer", async () => {
    answer = (_, response) => {
      response.writeHead(200);
      response.write("{");
      setTimeout(() => response.destroy(), 20);
    };
    await expect(engine.call(GET, v.any())).rejects.toMatchObject({ kind: "unreachable" });
    expect(await failure()).toMatchObject({ kind: "unreachable" });
  });
});

test("the time is the engine's", async () => {
  const other = createEngine(new Docker({ socketPath }).modem);
  answer = (_, response) => {
    response.setHeader("date", new Date(Date.now() + 3_600_000).toUTCString());
    response.end("{}");
  };
  expect(Math.abs(other.now() - Date.now())).toBeLessThan(1_000);
  await other.run(GET);
  expect(Math.abs(other.now() - Date.now() - 3_600_000)).toBeLessThan(2_000);
});

describe("no answer", () => {
  test("within the limit is a timeout: it may be done all the same", async () => {
    answer = () => {};
    const error = await failure({ ...GET, limitMs: 50 });
    expect(error).toMatchObject({ kind: "timeout" });
    expect(mayBeDone(error)).toBe(true);
  });

  test("because the caller left", async () => {
    answer = () => {};
    const abort = new AbortController();
    const asked = failure({ ...GET, signal: abort.signal });
    abort.abort();
    expect(await asked).toMatchObject({ kind: "aborted" });
    expect(await failure({ ...GET, signal: AbortSignal.abort() })).toMatchObject({ kind: "aborted" });
  });

  test("because the connection broke: it may be done all the same", async () => {
    answer = (request) => request.socket.destroy();
    const error = await failure({ ...GET, method: "POST" });
    expect(error).toMatchObject({ kind: "unreachable" });
    expect(mayBeDone(error)).toBe(true);
  });

  test("because nobody is there: it is not done", async () => {
    const nobody = createEngine(new Docker({ socketPath: `${socketPath}-not` }).modem);
    const error = await nobody.run(GET).catch((thrown: unknown) => thrown);
    expect(isEngineAway(error)).toBe(true);
    expect(mayBeDone(error)).toBe(false);
  });
});
