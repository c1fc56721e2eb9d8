import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { join } from "node:path";
import { pemCertificates } from "../../support/pem-certificates.ts";
import type { TlsMaterial } from "./docker-endpoint.ts";
import type { EndpointFiles } from "./endpoint-files.ts";

/** Checked material, or one line that names the file, what is wrong with it and what to do. */
export type TlsRead =
  | { readonly kind: "tls"; readonly tls: TlsMaterial }
  | { readonly kind: "failed"; readonly problem: string };

export interface TlsFolder {
  readonly files: EndpointFiles;
  /** Holds `ca.pem`, `cert.pem` and `key.pem`, the names of the Docker CLI. */
  readonly folder: string;
  readonly verify: boolean;
}

export interface TlsRequest extends TlsFolder {
  /** DOCKER_TLS_VERIFY cannot do without `ca.pem`; a context may rest on the public roots. */
  readonly caRequired: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What stands in the files, unchecked; `undefined` for one that does not exist or that is not used. */
export interface TlsFiles {
  readonly ca: Loaded | undefined;
  readonly cert: Loaded | undefined;
  readonly key: Loaded | undefined;
}

export interface Loaded {
  readonly text?: string;
  readonly problem?: string;
}

/** Reads TLS files as they are. */
export function readTlsFiles(request: TlsFolder): TlsFiles {
  return {
    ca: request.verify ? readFile(request, "ca.pem") : undefined,
    cert: readFile(request, "cert.pem"),
    key: readFile(request, "key.pem"),
  };
}

/** Reads and checks TLS files before any client is built of them: a client throws on the first bad byte. */
export function readTls(request: TlsRequest): TlsRead {
  const { ca, cert, key } = readTlsFiles(request);
  for (const read of [ca, cert, key]) {
    if (read?.problem !== undefined) {
      return failed(read.problem);
    }
  }
  const caPath = join(request.folder, "ca.pem");
  if (request.verify && request.caRequired && ca === undefined) {
    return failed(`the CA certificate ${caPath} does not exist; put it there or point DOCKER_CERT_PATH at its folder`);
  }
  const caProblem = ca?.text === undefined ? undefined : checkCa(ca.text, caPath, request.now);
  const pairProblem = checkPair(request, cert?.text, key?.text);
  const problem = caProblem ?? pairProblem;
  if (problem !== undefined) {
    return failed(problem);
  }
  return {
    kind: "tls",
    tls: {
      ...(ca?.text === undefined ? {} : { ca: ca.text }),
      ...(cert?.text === undefined || key?.text === undefined ? {} : { cert: cert.text, key: key.text }),
      verify: request.verify,
      folder: request.folder,
    },
  };
}

function readFile(request: TlsFolder, name: string): Loaded | undefined {
  const path = join(request.folder, name);
  const read = request.files.read(path);
  switch (read.kind) {
    case "text":
      return { text: read.text };
    case "missing":
      return undefined;
    case "unreadable":
      return { problem: `${path} ${read.reason}; make it a file that the worker's user may read` };
  }
}

function certificates(pem: string): readonly X509Certificate[] | undefined {
  try {
    return pemCertificates(pem).map((block) => new X509Certificate(block));
  } catch {
    return undefined;
  }
}

function checkCa(pem: string, path: string, now: number): string | undefined {
  const found = certificates(pem);
  if (found === undefined || found.length === 0) {
    return `the CA certificate ${path} is not a PEM certificate`;
  }
  const problems = found.map((certificate) => checkDates(certificate, now));
  const first = problems[0];
  // A bundle may hold old roots beside the one that counts.
  return first !== undefined && problems.every((problem) => problem !== undefined)
    ? `the CA certificate ${path} ${first}; renew it`
    : undefined;
}

function checkPair(request: TlsRequest, cert: string | undefined, key: string | undefined): string | undefined {
  const certPath = join(request.folder, "cert.pem");
  const keyPath = join(request.folder, "key.pem");
  if (cert === undefined && key === undefined) {
    return undefined;
  }
  if (cert === undefined || key === undefined) {
    const [there, absent] = cert === undefined ? [keyPath, certPath] : [certPath, keyPath];
    return `${there} is there but ${absent} does not exist; a client certificate needs both`;
  }
  const own = certificates(cert)?.[0];
  if (own === undefined) {
    return `the client certificate ${certPath} is not a PEM certificate`;
  }
  const dates = checkDates(own, request.now);
  if (dates !== undefined) {
    return `the client certificate ${certPath} ${dates}; renew it`;
  }
  const privateKey = parseKey(key);
  if (privateKey === undefined) {
    const what = key.includes("ENCRYPTED") ? "is encrypted; store it without a passphrase" : "is not a PEM private key";
    return `the client key ${keyPath} ${what}`;
  }
  return own.checkPrivateKey(privateKey) ? undefined : `the client key ${keyPath} does not belong to ${certPath}`;
}

function parseKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

function checkDates(certificate: X509Certificate, now: number): string | undefined {
  const from = Date.parse(certificate.validFrom);
  const to = Date.parse(certificate.validTo);
  if (to < now) {
    return `expired on ${new Date(to).toISOString().slice(0, 10)}`;
  }
  return from > now ? `is not valid before ${new Date(from).toISOString()}` : undefined;
}

function failed(problem: string): TlsRead {
  return { kind: "failed", problem };
}
