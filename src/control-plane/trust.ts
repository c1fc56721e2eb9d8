import { X509Certificate } from "node:crypto";
import { pemCertificates } from "../support/pem-certificates.ts";

/**
 * Where distributions keep the system's certificate authorities; the first file that can be read counts.
 * The list and its order are Go's (crypto/x509, root_linux.go), and so those of the Docker CLI.
 */
export const SYSTEM_BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt", // Debian, Ubuntu, Arch
  "/etc/pki/tls/certs/ca-bundle.crt", // Fedora, RHEL 6
  "/etc/ssl/ca-bundle.pem", // SUSE
  "/etc/pki/tls/cacert.pem", // OpenELEC
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // RHEL 7 and newer
  "/etc/ssl/cert.pem", // Alpine
] as const;
const VARIABLES = ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"] as const;

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
  const add = ({ certificates }: Certificates) => {
    for (const certificate of certificates) ca.add(certificate);
  };

  for (const path of SYSTEM_BUNDLES) {
    const file = readCertificates(path, readFile);
    add(file);
    if (file.isRead) break;
  }
  for (const name of VARIABLES) {
    const path = env[name] ?? "";
    if (path === "") continue;
    const file = readCertificates(path, readFile);
    add(file);
    if (file.problem !== "") problems.push(`${name} (${path}) ${file.problem}`);
  }
  return { ca: [...ca], problems };
}

interface Certificates {
  /** PEM, those that can be used. */
  readonly certificates: readonly string[];
  /** Whether there is such a file, whatever it holds. */
  readonly isRead: boolean;
  /** What is wrong with it; empty where nothing is. */
  readonly problem: string;
}

function readCertificates(path: string, readFile: (path: string) => string): Certificates {
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    return { certificates: [], isRead: false, problem: `cannot be read: ${code}` };
  }
  const blocks = pemCertificates(text);
  // One broken certificate among the authorities would make every dial fail.
  const certificates = blocks.filter(isCertificate);
  const broken = blocks.length - certificates.length;
  if (blocks.length === 0) return { certificates, isRead: true, problem: "holds no PEM certificate" };
  const problem = broken === 0 ? "" : `holds ${broken} certificate(s) that cannot be read`;
  return { certificates, isRead: true, problem };
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.byteLength > 0;
  } catch {
    return false;
  }
}
