import { X509Certificate } from "node:crypto";

/** Where Debian and its kin keep the system's certificate authorities. */
export const SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt";
const VARIABLES = ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"] as const;
const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

export interface TrustSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file; throws as `readFileSync` does. */
  readonly readFile: (path: string) => string;
  /** PEM texts that are trusted anyway. */
  readonly builtIn: readonly string[];
}

export interface Trust {
  /** Everything to verify a server against, PEM, each once. */
  readonly ca: readonly string[];
  /** Plain lines about files that were named and are of no use. */
  readonly problems: readonly string[];
}

/**
 * Collects certificate authorities: the built-in ones, the system's bundle where there is one, and the files of
 * SSL_CERT_FILE and NODE_EXTRA_CA_CERTS. A file that cannot be used is a problem, never an error.
 */
export function collectTrust({ env, readFile, builtIn }: TrustSources): Trust {
  const ca = new Set(builtIn.map((pem) => pem.trim()));
  const problems: string[] = [];
  const add = (path: string, named: string | undefined) => {
    const { certificates, problem } = readCertificates(path, readFile);
    for (const certificate of certificates) ca.add(certificate);
    if (problem !== "" && named !== undefined) problems.push(`${named} (${path}) ${problem}`);
  };

  add(SYSTEM_BUNDLE, undefined);
  for (const name of VARIABLES) {
    const path = env[name] ?? "";
    if (path !== "") add(path, name);
  }
  return { ca: [...ca], problems };
}

function readCertificates(path: string, readFile: (path: string) => string) {
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    return { certificates: [], problem: `cannot be read: ${code}` };
  }
  const blocks = text.match(PEM_CERTIFICATE) ?? [];
  // One broken certificate among the authorities would make every dial fail.
  const certificates = blocks.filter(isCertificate);
  const broken = blocks.length - certificates.length;
  if (blocks.length === 0) return { certificates, problem: "holds no PEM certificate" };
  return { certificates, problem: broken === 0 ? "" : `holds ${broken} certificate(s) that cannot be read` };
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.byteLength > 0;
  } catch {
    return false;
  }
}
