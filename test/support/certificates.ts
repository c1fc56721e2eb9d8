import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface ServerCertificate {
  /** PEM texts. */
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority of the tests' own, made by `openssl`, in a folder that ends with it. */
export class TestAuthority implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "oz-authority-test-"));
  readonly file = join(this.folder, "ca.pem");
  #made = 0;

  constructor() {
    this.#openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=TestAuthority", [
      ...["-keyout", "ca.key", "-out", "ca.pem"],
    ]);
  }

  get pem(): string {
    return readFileSync(this.file, "utf8");
  }

  /** Signs a server certificate; `names` as in `IP:127.0.0.1,DNS:localhost`; days below 0 have expired. */
  issue(names = "IP:127.0.0.1", days = 1): ServerCertificate {
    this.#made += 1;
    const name = `server-${this.#made}`;
    writeFileSync(join(this.folder, `${name}.ext`), `subjectAltName=${names}\n`);
    this.#openssl("req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=server", [
      ...["-keyout", `${name}.key`, "-out", `${name}.csr`],
    ]);
    this.#openssl("x509 -req -CA ca.pem -CAkey ca.key -CAcreateserial", [
      ...["-in", `${name}.csr`, "-out", `${name}.pem`, "-extfile", `${name}.ext`, "-days", String(days)],
    ]);
    const read = (ending: string) => readFileSync(join(this.folder, `${name}.${ending}`), "utf8");
    return { cert: read("pem"), key: read("key") };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #openssl(command: string, files: readonly string[]): void {
    const run = Bun.spawnSync(["openssl", ...command.split(" "), ...files], { cwd: this.folder });
    if (run.exitCode !== 0) throw new Error(`openssl: ${run.stderr.toString()}`);
  }
}
