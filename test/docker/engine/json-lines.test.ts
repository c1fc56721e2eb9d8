import { expect, test } from "bun:test";
import { PassThrough } from "node:stream";
import { onJsonLine } from "../../../src/docker/engine/json-lines.ts";

async function read(chunks: readonly string[]): Promise<readonly unknown[]> {
  const stream = new PassThrough();
  const taken: unknown[] = [];
  onJsonLine(stream, (value) => taken.push(value));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await new Promise((resolve) => stream.on("end", resolve));
  return taken;
}

test("each line is handed over however it is cut, the last one too; what is no JSON is left out", async () => {
  expect(await read(['{"a":1}\n{"b"', ":2}\nnone\n", "3"])).toEqual([{ a: 1 }, { b: 2 }, 3]);
});

test("a line without an end is left out whole, however it ends, and hides none behind it", async () => {
  const long = Array.from({ length: 20 }, () => "x".repeat(100_000));
  expect(await read([...long, '{"forged":1}', '\n{"b":2}\n'])).toEqual([{ b: 2 }]);
  expect(await read([...long, "\n1\n", ...long, '{"forged":1}'])).toEqual([1]);
});

test("a long line that comes in small pieces takes no longer", async () => {
  const begun = performance.now();
  expect(await read([...Array.from({ length: 65_000 }, () => "x".repeat(16)), "\n1\n"])).toEqual([1]);
  expect(performance.now() - begun).toBeLessThan(3_000);
});
