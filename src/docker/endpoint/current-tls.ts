import type { Clock } from "../../support/clock.ts";
import type { Log } from "../../support/log.ts";
import type { TlsMaterial } from "./docker-endpoint.ts";
import type { EndpointFiles } from "./endpoint-files.ts";
import { readTls, readTlsFiles } from "./tls-material.ts";

export interface CurrentTlsOptions {
  readonly files: EndpointFiles;
  /** By its date certificates are expired or not. */
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Answers at each call what the files of a TLS connection hold: certificates are renewed while the worker runs. It is the
 * same object for as long as they hold the same. While they do not fit together, or one is missing that was there, what was
 * read before stays in use, and the log says once why.
 */
export function createCurrentTls(first: TlsMaterial, { files, clock, log }: CurrentTlsOptions): () => TlsMaterial {
  const { folder, verify } = first;
  const request = { files, folder, verify, caRequired: first.ca !== undefined };
  let current = first;
  let said: string | undefined;

  function renewed(): TlsMaterial | { readonly problem: string } {
    const read = readTls({ ...request, now: clock.epoch() });
    if (read.kind === "failed") return read;
    if (first.cert !== undefined && read.tls.cert === undefined) {
      return { problem: `cert.pem and key.pem are no longer in ${folder}; put them there` };
    }
    return read.tls;
  }

  return () => {
    // 50 µs; to check them takes half a millisecond.
    const { ca, cert, key } = readTlsFiles(request);
    if (ca?.text === current.ca && cert?.text === current.cert && key?.text === current.key) {
      said = undefined;
      return current;
    }
    const found = renewed();
    if (!("problem" in found)) {
      log.info("the certificates for the Docker daemon have changed and are used from now on", { folder });
      said = undefined;
      current = found;
    } else if (found.problem !== said) {
      said = found.problem;
      log.warn("the certificates for the Docker daemon have changed and cannot be used; they are read again", {
        reason: said,
      });
    }
    return current;
  };
}
