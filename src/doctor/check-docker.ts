import type { ApiRange, ExaminedDocker } from "../docker/open-examination.ts";
import { type Finding, fail, fromReason, ok, warn } from "./finding.ts";

/** Judges a daemon that was found, with what was passed over on the way. */
export function judgeDocker(
  docker: Pick<ExaminedDocker, "where" | "source" | "version" | "platform" | "apiVersion">,
  range: ApiRange,
  warnings: readonly string[],
): readonly Finding[] {
  const { where, source, version, platform, apiVersion } = docker;
  const api = `API ${apiVersion} of ${range.oldest} to ${range.newest}`;
  return [
    ok("docker", `${version} on ${platform}, ${where}, from ${source}, ${api}`),
    ...warnings.map((line) => fromReason("docker", "warn", line)),
  ];
}

/** Judges why there is no daemon; `problem` is the line with which a worker would end. */
export function judgeNoDocker(problem: string, warnings: readonly string[]): readonly Finding[] {
  const found = fromReason("docker", "fail", problem);
  return [
    found.mend === undefined ? fail("docker", problem, "see that Docker runs there, and check DOCKER_HOST") : found,
    ...warnings.map((line) => warn("docker", line)),
  ];
}
