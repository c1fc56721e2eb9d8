import { describe, expect, test } from "bun:test";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { collectTrust } from "../../src/control-plane/trust.ts";
import { systemFiles } from "../../src/docker/endpoint/endpoint-files.ts";
import { createDockerConfigReader } from "../../src/docker/registry/docker-config.ts";
import { pemCertificates } from "../../src/support/pem-certificates.ts";
import { MAX_FILE_BYTES, readAtMost, readAtMostLater } from "../../src/support/read-at-most.ts";
import { recordedLog } from "./recorded-log.ts";

const ENDLESS = "/dev/zero";

describe("a file that does not end", () => {
  test("is refused, and no more of it is read than may be", async () => {
    expect(() => readAtMost(ENDLESS)).toThrow("EFBIG");
    await expect(readAtMostLater(ENDLESS)).rejects.toThrow("EFBIG");
  });

  test("as a file of a Docker context, or a certificate, is one plain line", () => {
    expect(systemFiles.read(ENDLESS)).toEqual({ kind: "unreadable", reason: "is larger than 4 MiB" });
    const { problems } = collectTrust({
      env: { SSL_CERT_FILE: ENDLESS },
      readFile: (path) => readAtMost(path).toString(),
      builtIn: [],
    });
    expect(problems).toEqual([`SSL_CERT_FILE (${ENDLESS}) cannot be read: EFBIG`]);
  });

  test("as the Docker config file keeps no pull from going on", async () => {
    const folder = await mkdtemp(join(tmpdir(), "oz-large-"));
    const path = join(folder, "config.json");
    await writeFile(path, "");
    await truncate(path, MAX_FILE_BYTES + 1);
    const log = recordedLog();
    const read = createDockerConfigReader({ env: { DOCKER_CONFIG: folder }, home: undefined, log });
    expect((await read()).auths.size).toBe(0);
    expect(JSON.stringify(log.lines)).toContain("cannot be read (EFBIG)");
    await rm(folder, { recursive: true });
  });
});

test("a file of exactly as much as may be is read whole", async () => {
  const path = import.meta.path;
  const text = await Bun.file(path).text();
  expect(readAtMost(path, Buffer.byteLength(text)).toString()).toBe(text);
  expect((await readAtMostLater(path, Buffer.byteLength(text))).toString()).toBe(text);
  expect(() => readAtMost(path, Buffer.byteLength(text) - 1)).toThrow("EFBIG");
});

test("certificates that begin and do not end are looked through in no time", () => {
  const text = "-----BEGIN CERTIFICATE-----\n".repeat(MAX_FILE_BYTES / 28);
  const begun = performance.now();
  expect(pemCertificates(text)).toEqual([]);
  expect(performance.now() - begun).toBeLessThan(1_000);
  const one = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----";
  expect(pemCertificates(`-----BEGIN CERTIFICATE-----\n${one}\nbag\n${one}\n`)).toEqual([one, one]);
});
