import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { systemFiles } from "../../../src/docker/endpoint/endpoint-files.ts";
import { readTls, type TlsRequest } from "../../../src/docker/endpoint/tls-material.ts";
import { type ServerCertificate, TestAuthority } from "../../support/certificates.ts";
import { ScratchFolder, withoutRootsRights } from "./scratch-folder.ts";

const DAY_MS = 86_400_000;
let authority: TestAuthority;
let mine: ServerCertificate;
let other: ServerCertificate;

beforeAll(() => {
  authority = new TestAuthority();
  mine = authority.issue();
  other = authority.issue();
});
afterAll(() => authority[Symbol.dispose]());

function read(files: Record<string, string>, options: Partial<TlsRequest> = {}) {
  using folder = new ScratchFolder();
  for (const [name, text] of Object.entries(files)) folder.write(name, text);
  const request = {
    files: systemFiles,
    folder: folder.path,
    verify: true,
    caRequired: true,
    now: Date.now(),
    ...options,
  };
  const answer = readTls(request);
  return answer.kind === "tls" ? answer.tls : answer.problem.replaceAll(folder.path, "FOLDER");
}

describe("material that can be used", () => {
  test("all three files", () => {
    const tls = read({ "ca.pem": authority.pem, "cert.pem": mine.cert, "key.pem": mine.key });
    expect(tls).toMatchObject({ ca: authority.pem, cert: mine.cert, key: mine.key, verify: true });
  });
  test("a CA alone: no client certificate", () => {
    expect(read({ "ca.pem": authority.pem })).not.toHaveProperty("cert");
  });
  test("without verification no CA is needed, nor looked at", () => {
    expect(read({ "ca.pem": "rubbish", "cert.pem": mine.cert, "key.pem": mine.key }, { verify: false })).toMatchObject({
      cert: mine.cert,
      verify: false,
    });
  });
  test("a context without a CA rests on the public roots", () => {
    expect(read({}, { caRequired: false })).not.toHaveProperty("ca");
  });
  test("a certificate with its chain, text between the blocks", () => {
    const chain = `subject: me\n${mine.cert}\nissuer:\n${authority.pem}`;
    expect(read({ "ca.pem": authority.pem, "cert.pem": chain, "key.pem": mine.key })).toHaveProperty("cert", chain);
  });
});

describe("material that cannot be used is named before a client is built of it", () => {
  const good = () => ({ "ca.pem": authority.pem, "cert.pem": mine.cert, "key.pem": mine.key });
  const table: readonly (readonly [string, () => string | object, string])[] = [
    ["no CA", () => read({}), "the CA certificate FOLDER/ca.pem does not exist"],
    ["a CA that is none", () => read({ ...good(), "ca.pem": "x" }), "FOLDER/ca.pem is not a PEM certificate"],
    [
      "a CA of rubbish in PEM",
      () => read({ "ca.pem": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" }),
      "FOLDER/ca.pem is not a PEM certificate",
    ],
    ["an empty certificate", () => read({ ...good(), "cert.pem": "" }), "FOLDER/cert.pem is not a PEM certificate"],
    ["a key that is none", () => read({ ...good(), "key.pem": mine.cert }), "FOLDER/key.pem is not a PEM private key"],
    [
      "the key of another certificate",
      () => read({ ...good(), "key.pem": other.key }),
      "the client key FOLDER/key.pem does not belong to FOLDER/cert.pem",
    ],
    [
      "a certificate without its key",
      () => read({ "ca.pem": authority.pem, "cert.pem": mine.cert }),
      "FOLDER/cert.pem is there but FOLDER/key.pem does not exist",
    ],
    [
      "a key without its certificate",
      () => read({ "ca.pem": authority.pem, "key.pem": mine.key }),
      "FOLDER/key.pem is there but FOLDER/cert.pem does not exist",
    ],
    [
      "an expired CA",
      () => read({ "ca.pem": authority.pem }, { now: Date.now() + 3 * DAY_MS }),
      "the CA certificate FOLDER/ca.pem expired on 20",
    ],
    [
      "an expired certificate",
      () => read({ ...good(), "cert.pem": authority.issue("DNS:me", -1).cert }),
      "the client certificate FOLDER/cert.pem expired on 20",
    ],
    [
      "a certificate of tomorrow",
      () => read(good(), { verify: false, now: Date.now() - DAY_MS }),
      "the client certificate FOLDER/cert.pem is not valid before 20",
    ],
  ];
  test.each(table)("%s", (_, outcome, reason) => {
    expect(outcome()).toContain(reason);
  });

  test("an encrypted key", () => {
    using folder = new ScratchFolder();
    folder.write("plain.pem", mine.key);
    folder.run(["openssl", "pkey", "-in", "plain.pem", "-aes256", "-passout", "pass:word", "-out", "key.pem"]);
    folder.write("ca.pem", authority.pem);
    folder.write("cert.pem", mine.cert);
    const request = { files: systemFiles, folder: folder.path, verify: true, caRequired: true, now: Date.now() };
    expect(readTls(request)).toMatchObject({ problem: expect.stringContaining("key.pem is encrypted") });
  });

  test("a folder where the file should be", () => {
    using folder = new ScratchFolder();
    mkdirSync(join(folder.path, "ca.pem"));
    const request = { files: systemFiles, folder: folder.path, verify: true, caRequired: true, now: Date.now() };
    expect(readTls(request)).toMatchObject({ problem: expect.stringContaining("ca.pem is a folder") });
  });

  test("a file that may not be read", () => {
    using folder = new ScratchFolder();
    folder.write("ca.pem", authority.pem);
    chmodSync(join(folder.path, "ca.pem"), 0);
    const script = `
      import { systemFiles } from "${import.meta.dir}/../../../src/docker/endpoint/endpoint-files.ts";
      console.log(systemFiles.read("${folder.path}/ca.pem").reason);`;
    const command = [...withoutRootsRights(), process.execPath, "-e", script];
    expect(folder.run(command).trim()).toBe("may not be read by this user");
  });
});
