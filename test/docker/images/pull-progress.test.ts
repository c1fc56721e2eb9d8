import { describe, expect, test } from "bun:test";
import { PassThrough } from "node:stream";
import { type PullEnd, readPullProgress } from "../../../src/docker/images/pull-progress.ts";

const { signal } = new AbortController();

function pull(...chunks: readonly string[]): Promise<PullEnd> {
  const stream = new PassThrough();
  const answer = readPullProgress(stream, signal, () => {});
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
    const answer = readPullProgress(stream, signal, () => {});
    stream.destroy();
    await expect(answer).rejects.toMatchObject({ kind: "unreachable" });
  });

  test("is given up at once when its signal aborts, and its stream with it", async () => {
    const abort = new AbortController();
    const stream = new PassThrough();
    const answer = readPullProgress(stream, abort.signal, () => {});
    abort.abort();
    await expect(answer).rejects.toMatchObject({ kind: "aborted" });
    expect(stream.destroyed).toBe(true);
    await expect(readPullProgress(new PassThrough(), abort.signal, () => {})).rejects.toMatchObject({
      kind: "aborted",
    });
  });

  test("shows its lines; figures that are none cost nobody the error beside them", async () => {
    const shown: unknown[] = [];
    const stream = new PassThrough();
    const answer = readPullProgress(stream, signal, ({ status, id }) => void shown.push([status, id]));
    stream.end(`${status}{"error":"denied","id":7,"progressDetail":{"current":"x"}}\n`);
    expect((await answer).failure).toBe("denied");
    expect(shown).toEqual([
      ["Downloading", "a"],
      [undefined, undefined],
    ]);
  });
});
