import { describe, expect, test } from "bun:test";
import { PassThrough } from "node:stream";
import { type PullEnd, readPullProgress } from "../../../src/docker/images/pull-progress.ts";
import { ManualClock } from "../../support/manual-clock.ts";

function pull(...chunks: readonly string[]): Promise<PullEnd> {
  const stream = new PassThrough();
  const answer = readPullProgress(stream, 1_000, new ManualClock());
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  return answer;
}

describe("a pull's progress", () => {
  const status = `{"status":"Downloading","id":"a"}\r\n`;
  const failure = `{"errorDetail":{"message":"manifest unknown"},"error":"short"}\r\n`;
  test.each<[string, readonly string[], string | undefined]>([
    ["ends well", [status, status], undefined],
    ["is empty", [], undefined],
    ["ends with an error", [status, failure], "manifest unknown"],
    ["has an error before its end", [failure, status], "manifest unknown"],
    ["has an error without a last line break", [failure.trim()], "manifest unknown"],
    ["has an error in pieces", [failure.slice(0, 9), failure.slice(9, 30), failure.slice(30)], "manifest unknown"],
    ["has the old form of an error", [`{"error":"denied"}\n`], "denied"],
    ["holds what is no JSON", ["<html>\n", "[1]\n", "null\n", status], undefined],
  ])("%s", async (_, chunks, expected) => {
    expect((await pull(...chunks)).failure).toBe(expected);
  });

  test("tells the digest of what was pulled", async () => {
    const digest = `{"status":"Digest: sha256:1a"}\r\n`;
    expect(await pull(status, digest, status)).toEqual({ digest: "sha256:1a" });
    expect(await pull(status, digest, failure)).toEqual({ digest: "sha256:1a", failure: "manifest unknown" });
    expect(await pull(status)).toEqual({});
  });

  test("tells that the image was here already", async () => {
    const last = (words: string) => `{"status":"Status: ${words} for registry/image:tag"}\r\n`;
    expect(await pull(status, last("Image is up to date"))).toEqual({ isUpToDate: true });
    expect(await pull(status, last("Downloaded newer image"))).toEqual({});
  });

  test("breaks off", async () => {
    const stream = new PassThrough();
    const answer = readPullProgress(stream, 1_000, new ManualClock());
    stream.destroy();
    await expect(answer).rejects.toMatchObject({ kind: "unreachable" });
  });

  test("stalls: it is given up after the limit without a byte, and not before", async () => {
    const clock = new ManualClock();
    const stream = new PassThrough();
    let ended = "";
    readPullProgress(stream, 1_000, clock).catch((error: { kind: string }) => {
      ended = error.kind;
    });
    clock.advance(900);
    stream.write(status);
    await Bun.sleep(1);
    clock.advance(900);
    await Bun.sleep(1);
    expect(ended).toBe("");
    clock.advance(200);
    await Bun.sleep(1);
    expect(ended).toBe("stalled");
  });
});
