import * as v from "valibot";
import type { Clock } from "../../support/clock.ts";
import { escapeUnprintable, quoted } from "../../support/printable.ts";
import { findProgram } from "./find-program.ts";
import { describeHelperOutput, secretsOfEnvironment } from "./helper-output.ts";
import { runHelperProcess, type SpawnProcess } from "./helper-process.ts";
import type { RegistryLogin } from "./registry-auth.ts";

/** What a helper said. The reasons of `missing` and `failed` are plain lines that name the program, without secrets. */
export type HelperAnswer =
  | { readonly kind: "login"; readonly login: RegistryLogin }
  | { readonly kind: "none" }
  | { readonly kind: "missing"; readonly reason: string }
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "aborted" };

export interface HelperOptions {
  /** The worker's environment; the helper gets it without the worker's own key. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What must not be shown if the helper repeats it, beside the values of the environment. */
  readonly secrets?: readonly string[];
  /** Milliseconds; default 10 s. */
  readonly limitMs?: number;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  readonly spawn?: SpawnProcess;
}

/** What a helper prints. Source: the protocol of docker-credential-helpers, command `get`. */
const HelperOutputSchema = v.object({ Username: v.nullish(v.string(), ""), Secret: v.nullish(v.string(), "") });

const DEFAULT_LIMIT_MS = 10_000;
const MAX_STDOUT_BYTES = 1024 * 1024;
/** A user name that says that the secret is an identity token. */
const TOKEN_USERNAME = "<token>";
const HELPER_NAME = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$/;
/** The CLI knows the whole sentence "credentials not found in native keychain"; helpers vary its end. */
const NOT_FOUND = /credentials not found/i;

/** The program of a helper. */
export function helperProgram(name: string): string {
  return `docker-credential-${name}`;
}

/** Asks `docker-credential-<name>` for the login of a server. Never rejects. */
export async function askCredentialHelper(
  name: string,
  serverAddress: string,
  options: HelperOptions,
): Promise<HelperAnswer> {
  if (!HELPER_NAME.test(name)) {
    return {
      kind: "failed",
      reason: `${quoted(name)} is not a credential helper's name: letters, digits, '.', '_', '+', '-'`,
    };
  }
  const program = helperProgram(name);
  const failed = (why: string): HelperAnswer => ({ kind: "failed", reason: `credential helper ${program} ${why}` });

  const found = await findProgram(program, options.env.PATH);
  if (found.kind === "missing") {
    return { kind: "missing", reason: `credential helper ${program} is not in the worker's PATH; install it there` };
  }
  if (found.kind === "not-executable") {
    return {
      kind: "missing",
      reason: `credential helper ${escapeUnprintable(found.path)} is not executable; chmod +x it`,
    };
  }

  const { WARP_API_KEY: _, ...env } = options.env;
  const { limitMs = DEFAULT_LIMIT_MS } = options;
  const run = await runHelperProcess({
    ...options,
    program: found.path,
    args: ["get"],
    stdin: serverAddress,
    env,
    limitMs,
    maxStdoutBytes: MAX_STDOUT_BYTES,
  });
  const said = (stdout: string, stderr: string): string => {
    const secrets = [...secretsOfEnvironment(options.env), ...(options.secrets ?? [])];
    const line = describeHelperOutput(stdout, stderr, secrets);
    return line === "" ? "" : `: ${line}`;
  };

  switch (run.kind) {
    case "aborted":
      return { kind: "aborted" };
    case "not-started":
      return failed(`could not be started (${run.code})`);
    case "timeout":
      return failed(`did not answer within ${limitMs / 1000} s and was killed${said("", run.stderr)}`);
    case "flooded":
      return failed("answered more than 1 MiB and was killed");
    case "completed":
      if (run.exitCode === 0) return readAnswer(run.stdout, failed);
      if (NOT_FOUND.test(run.stdout) || NOT_FOUND.test(run.stderr)) return { kind: "none" };
      return failed(
        `${run.exitCode === null ? "was killed by a signal" : `failed with exit code ${run.exitCode}`}${said(run.stdout, run.stderr)}`,
      );
  }
}

function readAnswer(stdout: string, failed: (why: string) => HelperAnswer): HelperAnswer {
  let content: unknown;
  try {
    content = JSON.parse(stdout);
  } catch {
    // The parser's own message would quote the answer.
    return failed("answered something that is not JSON");
  }
  const parsed = v.safeParse(HelperOutputSchema, content);
  // To valibot a list is an object.
  if (!parsed.success || Array.isArray(content))
    return failed("answered JSON that is not {ServerURL, Username, Secret}");
  const { Username: username, Secret: secret } = parsed.output;
  if (username === "" && secret === "") return { kind: "none" };
  if (username === "" || secret === "") return failed(`answered without a ${username === "" ? "Username" : "Secret"}`);
  return {
    kind: "login",
    login:
      username === TOKEN_USERNAME
        ? { kind: "identity-token", token: secret }
        : { kind: "password", username, password: secret },
  };
}
