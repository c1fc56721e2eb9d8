import type { ReadFile } from "../config/read-file.ts";
import type { GivenFlags } from "../config/resolve.ts";
import { chooseProxy, decoded } from "../control-plane/proxy.ts";
import type { Clock } from "../support/clock.ts";
import { createRedactor } from "../support/redaction.ts";
import { checkLogins } from "./check-logins.ts";
import type { ExaminationRequest } from "./examination-request.ts";
import { examineDocker } from "./examine-docker.ts";
import { examineOz } from "./examine-oz.ts";
import type { Finding } from "./finding.ts";
import { limited } from "./limited.ts";
import { readSettings, type Settings } from "./settings.ts";

/** The process around it. */
export interface ExaminationAround {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string | undefined;
  readonly clock: Clock;
  readonly readFile?: ReadFile;
}

/** Of all logins: the helpers and the registries have 5 s each. */
const LOGINS_LIMIT_MS = 12_000;

/** Looks at all that a worker needs, side by side. The findings come in a fixed order and hold no secret. Never rejects. */
export async function examine(request: ExaminationRequest, around: ExaminationAround): Promise<readonly Finding[]> {
  const { env, home, clock, readFile } = around;
  const { findings, settings } = readSettings(request.given, env, readFile);
  const { task, signal } = request;
  const [oz, docker, logins] = await Promise.all([
    examineOz({ settings, env, clock }),
    examineDocker({ settings, env, home, clock, signal, ...(task === undefined ? {} : { task }) }),
    limited({ clock, check: "login", waitsFor: "a registry", limitMs: LOGINS_LIMIT_MS }, () =>
      checkLogins({ env, home, clock }),
    ),
  ]);
  const redact = createRedactor(secretsOf(request.given, env, settings));
  return [...findings, ...oz, ...docker, ...logins].map(({ said, mend, ...rest }) => ({
    ...rest,
    said: redact(said),
    ...(mend === undefined ? {} : { mend: redact(mend) }),
  }));
}

/** The second line of defence: no check says any of these by itself. */
function secretsOf(given: GivenFlags, env: ExaminationAround["env"], settings: Settings): readonly string[] {
  const proxy = chooseProxy(new URL(settings.webSocketUrl), env);
  const keys = [...(given["api-key"] ?? []), env.WARP_API_KEY ?? "", settings.apiKey ?? ""];
  // The user's name is said nowhere, and may be a word that is.
  const password = proxy.kind === "proxy" ? new URL(proxy.url).password : "";
  return [...keys, password, decoded(password)].filter((key) => key.trim() !== "");
}
