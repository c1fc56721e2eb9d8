import { createHash } from "node:crypto";
import { join } from "node:path";
import * as v from "valibot";
import type { Log } from "../../support/log.ts";
import { escapeUnprintable, quoted } from "../../support/printable.ts";
import { readAtMostLater } from "../../support/read-at-most.ts";

const TextSchema = v.nullish(v.string(), "");

/** One entry of `auths`, as `docker login` and people write it. */
export const AuthEntrySchema = v.object({
  auth: TextSchema,
  username: TextSchema,
  password: TextSchema,
  identitytoken: TextSchema,
  registrytoken: TextSchema,
});
export type AuthEntry = v.InferOutput<typeof AuthEntrySchema>;

const RecordSchema = v.custom<object>((value) => typeof value === "object" && value !== null && !Array.isArray(value));

/** The part of a Docker config file that is about registries; keys as written, in the file's order. */
export interface RegistryConfig {
  /** Where it was read: a path, or the name of a variable. Empty where the environment names no folder. */
  readonly origin: string;
  readonly auths: ReadonlyMap<string, AuthEntry>;
  readonly credHelpers: ReadonlyMap<string, string>;
  /** Empty where none is set. */
  readonly credsStore: string;
}

export interface DockerConfigOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home folder, if there is one. */
  readonly home: string | undefined;
  readonly log: Log;
  readonly readFile?: (path: string) => Promise<string>;
}

type FileState =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "unreadable"; readonly code: string };

/** `config.json` of the folder that the Docker CLI uses: `$DOCKER_CONFIG`, else `~/.docker`. */
export function dockerConfigPath(env: DockerConfigOptions["env"], home: string | undefined): string | undefined {
  if (env.DOCKER_CONFIG) return join(env.DOCKER_CONFIG, "config.json");
  return home ? join(home, ".docker", "config.json") : undefined;
}

/**
 * Makes a function that reads the file anew at each call, since logins change. It never rejects: a missing file is an
 * empty one, a broken one is too, and what is wrong with it is logged once for as long as it stays the same.
 */
export function createDockerConfigReader(options: DockerConfigOptions): () => Promise<RegistryConfig> {
  const { env, home, log, readFile = readText } = options;
  let lastWarned = "";

  return async () => {
    const path = dockerConfigPath(env, home);
    if (path === undefined) return emptyConfig("");
    const state = await load(path, readFile);
    const { config, problems } = interpret(state, path);
    const mark = problems.length === 0 ? "" : markOf(state);
    if (mark !== "" && mark !== lastWarned) {
      log.warn(
        `Docker config file ${escapeUnprintable(path)}: ${problems.join("; ")}. Pulls go on without what could not be read.`,
      );
    }
    lastWarned = mark;
    return config;
  };
}

/** Holds a config file's JSON; the Docker CLI (28.3 and newer) and GitLab's runner know it too. */
export const AUTH_VARIABLE = "DOCKER_AUTH_CONFIG";

/** Reads what the variable holds, if it is set. What is wrong with it is logged, without any of it. */
export function readConfigVariable(env: DockerConfigOptions["env"], log: Log): RegistryConfig | undefined {
  const text = env[AUTH_VARIABLE];
  if (text === undefined || text.trim() === "") return undefined;
  const { config, problems } = interpret({ kind: "text", text }, AUTH_VARIABLE);
  if (problems.length > 0)
    log.warn(`${AUTH_VARIABLE} ${problems.join("; ")}. Pulls go on without what could not be read.`);
  return config;
}

function emptyConfig(origin: string): RegistryConfig {
  return { origin, auths: new Map(), credHelpers: new Map(), credsStore: "" };
}

async function readText(path: string): Promise<string> {
  return (await readAtMostLater(path)).toString("utf8");
}

async function load(path: string, readFile: (path: string) => Promise<string>): Promise<FileState> {
  try {
    return { kind: "text", text: await readFile(path) };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    return code === "ENOENT" ? { kind: "text", text: "" } : { kind: "unreadable", code };
  }
}

/** Tells one state of the file from another without keeping what may be secret in it. */
function markOf(state: FileState): string {
  return state.kind === "text" ? createHash("sha256").update(state.text).digest("hex") : state.code;
}

function interpret(state: FileState, origin: string): { config: RegistryConfig; problems: readonly string[] } {
  const config = emptyConfig(origin);
  if (state.kind === "unreadable") return { config, problems: [`cannot be read (${state.code})`] };
  if (state.text.trim() === "") return { config, problems: [] };

  let content: unknown;
  try {
    content = JSON.parse(state.text);
  } catch {
    // The parser's own message quotes the file.
    return { config, problems: ["is not valid JSON"] };
  }
  if (!v.is(RecordSchema, content)) return { config, problems: ["is not a JSON object"] };

  const fields = new Map<string, unknown>(Object.entries(content));
  const problems: string[] = [];
  const auths = entriesOf(fields, "auths", AuthEntrySchema, problems);
  const credHelpers = entriesOf(fields, "credHelpers", v.string(), problems);
  const credsStore = v.safeParse(TextSchema, fields.get("credsStore"));
  if (!credsStore.success) problems.push("credsStore is not a text");
  // A file is about other things too; the variable is about logins alone, and people forget the frame around them.
  const isAboutLogins = ["auths", "credHelpers", "credsStore"].some((name) => fields.has(name));
  if (origin === AUTH_VARIABLE && fields.size > 0 && !isAboutLogins) {
    problems.push('has no "auths", which logins stand in: {"auths": {"registry.example.com": {"auth": ...}}}');
  }
  return { config: { origin, auths, credHelpers, credsStore: credsStore.success ? credsStore.output : "" }, problems };
}

/** Checks entry by entry, so that a wrong one does not take the others with it. */
function entriesOf<TSchema extends v.GenericSchema>(
  fields: ReadonlyMap<string, unknown>,
  name: string,
  schema: TSchema,
  problems: string[],
): ReadonlyMap<string, v.InferOutput<TSchema>> {
  const entries = new Map<string, v.InferOutput<TSchema>>();
  const value = fields.get(name) ?? {};
  if (!v.is(RecordSchema, value)) {
    problems.push(`${name} is not an object`);
    return entries;
  }
  for (const [key, entry] of Object.entries(value)) {
    const parsed = v.safeParse(schema, entry);
    if (parsed.success && !Array.isArray(entry)) entries.set(key, parsed.output);
    else problems.push(`the entry ${quoted(key.replace(/[^/]*@/, ""))} of ${name} has a value of a wrong type`);
  }
  return entries;
}
