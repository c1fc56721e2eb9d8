import type { GivenFlags } from "../../src/config/resolve.ts";
import { examine } from "../../src/doctor/examine.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import { findingsAsText } from "../../src/doctor/show-findings.ts";
import { type Clock, systemClock } from "../../src/support/clock.ts";
import type { OzStandIn } from "../support/oz-stand-in.ts";

export const KEY = "wk-test-api-key-0123456789";

export interface ExaminedParts {
  readonly oz?: Pick<OzStandIn, "url" | "workerId">;
  readonly given?: GivenFlags;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  readonly task?: string;
}

export interface Examined {
  readonly findings: readonly Finding[];
  /** The lines that people read. */
  readonly text: string;
  /** Those of one check. */
  lines(check: string): readonly string[];
  /** The lines of all that failed. */
  readonly failed: readonly string[];
}

/** Examines this machine with a key, a worker id and Docker nowhere, unless the parts say otherwise. */
export async function examined(parts: ExaminedParts = {}): Promise<Examined> {
  const { oz, given = {}, env = {}, clock = systemClock, task } = parts;
  const address = oz === undefined ? {} : { "web-socket-url": [oz.url] };
  const findings = await examine(
    {
      given: { "worker-id": [oz?.workerId ?? "test-worker"], ...address, ...given },
      signal: new AbortController().signal,
      ...(task === undefined ? {} : { task }),
    },
    {
      env: { WARP_API_KEY: KEY, DOCKER_CONFIG: "/nowhere", DOCKER_HOST: "unix:///nowhere/docker.sock", ...env },
      home: undefined,
      clock,
    },
  );
  const linesOf = (some: readonly Finding[]) => some.map((one) => findingsAsText([one]).trimEnd());
  return {
    findings,
    text: findingsAsText(findings),
    lines: (check) => linesOf(findings.filter((one) => one.check === check)),
    failed: linesOf(findings.filter(({ status }) => status === "fail")),
  };
}
