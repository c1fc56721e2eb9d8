import { quoted } from "../../support/printable.ts";

/** The oldest API this worker needs: Docker 20.10. */
export const OLDEST_API_VERSION = "1.41";
/** The newest API this worker was written for; a newer daemon is spoken to in this one. */
export const NEWEST_API_VERSION = "1.51";

/** The version to speak, as `1.41`, or `WHY; WHAT TO DO`. */
export type ApiVersionChoice =
  | { readonly kind: "version"; readonly version: string }
  | { readonly kind: "failed"; readonly problem: string };

/** What a daemon says it speaks. */
export interface SpokenVersions {
  readonly api: string;
  readonly minApi: string;
}

/** Chooses the API version: `pin` (DOCKER_API_VERSION; empty is unset, a leading `v` is allowed) or the newest both know. */
export function chooseApiVersion(pin: string | undefined, daemon: SpokenVersions): ApiVersionChoice {
  if (parse(daemon.api) === undefined || parse(daemon.minApi) === undefined) {
    return failed(`its API version ${quoted(daemon.api)} is not a version; check that it is a Docker daemon`);
  }
  if (compare(daemon.api, OLDEST_API_VERSION) < 0) {
    return failed(
      `it speaks API ${daemon.api} and this worker needs ${OLDEST_API_VERSION}; upgrade it to Docker 20.10 or newer`,
    );
  }
  if (pin !== undefined && pin !== "") {
    return choosePinned(pin, daemon);
  }
  if (compare(daemon.minApi, NEWEST_API_VERSION) > 0) {
    return failed(
      `it speaks no API older than ${daemon.minApi} and this worker none newer than ${NEWEST_API_VERSION}; upgrade the worker`,
    );
  }
  const newer = compare(daemon.api, NEWEST_API_VERSION) > 0;
  return { kind: "version", version: newer ? NEWEST_API_VERSION : daemon.api };
}

function choosePinned(pin: string, daemon: SpokenVersions): ApiVersionChoice {
  const version = pin.replace(/^v/, "");
  if (parse(version) === undefined) {
    return failed(`DOCKER_API_VERSION ${quoted(pin)} is not a version; write one such as ${OLDEST_API_VERSION}`);
  }
  if (compare(version, OLDEST_API_VERSION) < 0) {
    return failed(
      `DOCKER_API_VERSION is ${version} and this worker needs ${OLDEST_API_VERSION}; raise it or unset DOCKER_API_VERSION`,
    );
  }
  if (compare(version, daemon.api) > 0 || compare(version, daemon.minApi) < 0) {
    return failed(
      `DOCKER_API_VERSION is ${version} and the daemon speaks ${daemon.minApi} to ${daemon.api}; ` +
        "set one of those or unset DOCKER_API_VERSION",
    );
  }
  return { kind: "version", version };
}

function parse(version: string): readonly [number, number] | undefined {
  const found = /^(\d{1,4})\.(\d{1,4})$/.exec(version);
  return found === null ? undefined : [Number(found[1]), Number(found[2])];
}

/** Whether a version, as `1.48`, is that one or a newer one. */
export function isAtLeast(version: string, oldest: string): boolean {
  return compare(version, oldest) >= 0;
}

function compare(left: string, right: string): number {
  const [leftMajor, leftMinor] = parse(left) ?? [0, 0];
  const [rightMajor, rightMinor] = parse(right) ?? [0, 0];
  return leftMajor - rightMajor || leftMinor - rightMinor;
}

function failed(problem: string): ApiVersionChoice {
  return { kind: "failed", problem };
}
