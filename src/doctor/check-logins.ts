import { readNetwork } from "../control-plane/network-options.ts";
import {
  type ConfiguredRegistry,
  type LoginSurroundings,
  type LookedUpLogin,
  listConfiguredLogins,
  lookUpLogin,
} from "../docker/registry/configured-logins.ts";
import { secretsOf } from "../docker/registry/registry-auth.ts";
import { abortAfter } from "../support/clock.ts";
import { createRedactor } from "../support/redaction.ts";
import { type Finding, fail, fromReason, ok, warn } from "./finding.ts";
import { CHECK_LIMIT_MS, limited } from "./limited.ts";
import { type LoginAnswer, tryLogin } from "./try-login.ts";

/** More than that are counted. */
const MAX_REGISTRIES = 20;

/** Looks every login up as a pull does, and shows it to its registry: a finding each. */
export async function checkLogins(around: LoginSurroundings): Promise<readonly Finding[]> {
  const { file, registries, problems } = await listConfiguredLogins(around);
  const broken = problems.map((problem) => warn("login", problem, "correct it: logins there are of no use"));
  if (registries.length === 0) {
    const where = file === undefined ? "there is no Docker config folder" : `${file} names no registry`;
    return broken.length > 0 ? broken : [ok("login", `none: ${where}; images are pulled without`)];
  }
  const each = registries.slice(0, MAX_REGISTRIES).map((registry) => checkOne(registry, around));
  const left = registries.length - MAX_REGISTRIES;
  const more = left > 0 ? [warn("login", `${left} more registries were not looked at`)] : [];
  return [...broken, ...(await Promise.all(each)).flat(), ...more];
}

/** The helper and the registry have a limit each. */
function checkOne(registry: ConfiguredRegistry, around: LoginSurroundings): Promise<readonly Finding[]> {
  const { clock, env } = around;
  const name = registry.registry;
  const limitMs = 2 * CHECK_LIMIT_MS;
  return limited({ clock, check: "login", waitsFor: name, limitMs }, async (signal) => {
    const found = await lookUpLogin(registry, around, { helperLimitMs: CHECK_LIMIT_MS - 500, signal });
    if (found.login === undefined) return judgeLogin(name, found, undefined);
    const dialOptions = (url: URL) => readNetwork(url, env).dialOptions;
    const limit = abortAfter(clock, CHECK_LIMIT_MS - 500);
    try {
      const own = AbortSignal.any([limit.signal, signal]);
      const answer = await tryLogin({ registry: name, login: found.login, dialOptions, signal: own });
      const redact = createRedactor(secretsOf(found.login));
      const finding = judgeLogin(name, found, answer);
      return { ...finding, said: redact(finding.said) };
    } finally {
      limit.cancel();
    }
  });
}

/** Judges what was found; `answer` is the registry's, where there is a login to show. */
export function judgeLogin(registry: string, found: LookedUpLogin, answer: LoginAnswer | undefined): Finding {
  const command = registry === "docker.io" ? "docker login" : `docker login ${registry}`;
  const [problem] = found.problems;
  if (answer === undefined) {
    if (problem === undefined)
      return ok("login", `${registry}: there is no login${sourceOf(found)}; its images are pulled without`);
    const line = fromReason("login", "fail", `${registry}: ${problem}`);
    return fail("login", line.said, line.mend ?? `run ${command} as the worker's user`);
  }
  const trouble = problem === undefined ? "" : `, though ${problem.split("; ")[0]}`;
  const login = `the login${sourceOf(found)}`;
  switch (answer.kind) {
    case "accepted":
      return problem === undefined
        ? ok("login", `${registry} accepts ${login}`)
        : warn("login", `${registry} accepts ${login}${trouble}`, "mend the helper, or take it out of the config file");
    case "not-asked":
      return ok("login", `${registry} asks for no login at its door; ${login} is not tried`);
    case "refused":
      return fail(
        "login",
        `${registry} refuses ${login} (${answer.status})${trouble}`,
        `run ${command} as the worker's user`,
      );
    case "unreached":
      return warn(
        "login",
        `${registry} could not be shown ${login}: ${answer.why}${trouble}`,
        "see that the Docker daemon, which pulls, can reach it",
      );
  }
}

function sourceOf({ source }: LookedUpLogin): string {
  if (source === undefined) return "";
  return source.kind === "helper" ? ` of the helper ${source.program}` : ` of ${source.name}`;
}
