import { join } from "node:path";
import { type EndpointFiles, systemFiles } from "../../../src/docker/endpoint/endpoint-files.ts";
import type { findEndpoint } from "../../../src/docker/endpoint/find-endpoint.ts";
import { type ServerCertificate, TestAuthority } from "../../support/certificates.ts";
import { ScratchFolder } from "./scratch-folder.ts";

/** The daemon's default socket. */
export const VAR_RUN = "/var/run/docker.sock";

/** The files of this machine, but only these sockets. */
export function filesWith(...sockets: readonly string[]): EndpointFiles {
  return { ...systemFiles, socketAt: (path) => ({ kind: sockets.includes(path) ? "socket" : "missing" }) };
}

/** The reason of a search that failed; what was found instead, otherwise. */
export function problemOf(search: ReturnType<typeof findEndpoint>): string {
  return search.kind === "failed" ? search.problem : JSON.stringify(search);
}

/** A home folder whose contexts the Docker CLI has written; `plain` is the current one. Gone with `using`. */
export class CliContexts implements Disposable {
  readonly authority = new TestAuthority();
  readonly client: ServerCertificate = this.authority.issue();
  readonly #home = new ScratchFolder();
  readonly home = this.#home.path;
  /** The Docker config folder. */
  readonly folder = join(this.home, ".docker");

  constructor() {
    const cert = this.#home.write("made/cert.pem", this.client.cert);
    const key = this.#home.write("made/key.pem", this.client.key);
    const endpoints = {
      prod: `host=tcp://10.0.0.1:9999,ca=${this.authority.file},cert=${cert},key=${key}`,
      unverified: "host=tcp://10.0.0.2:2376,skip-tls-verify=true",
      plain: "host=tcp://10.0.0.3:2375",
      portless: "host=tcp://10.0.0.4",
      web: "host=https://10.0.0.5",
      box: "host=ssh://me@box:22",
      rootless: "host=unix:///run/user/1000/docker.sock",
      nowhere: "host=",
    };
    for (const [name, endpoint] of Object.entries(endpoints)) {
      this.#home.run(["docker", "--config", this.folder, "context", "create", name, "--docker", endpoint]);
    }
    this.#home.write(".docker/config.json", { auths: {}, currentContext: "plain" });
  }

  [Symbol.dispose](): void {
    this.#home[Symbol.dispose]();
    this.authority[Symbol.dispose]();
  }
}
