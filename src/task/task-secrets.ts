import { MIN_FREE, MIN_SECRET_LENGTH } from "../support/redaction/needles.ts";
import { isOrdinary, saysSecret } from "./ordinary-value.ts";

/** Where the secrets of a task are. */
export interface SecretSources {
  readonly environment: readonly { readonly name: string; readonly value: string }[];
  /** JSON values of any shape; of very many the last ones are looked through. */
  readonly objects: readonly unknown[];
  /** Arguments of the agent: `--flag value`, `--flag=value` and plain ones. */
  readonly args: readonly string[];
}

/** Flags of the agent whose values are names and addresses. */
const PLAIN_FLAGS = new Set(
  `--share --task-id --server-root-url --model --profile --skill --computer-use-model --bedrock-inference-role
  --bedrock-role-region --harness --snapshot-upload-timeout --snapshot-script-timeout --environment
  --repository-head-override-json --idle-on-complete --session-sharing-server-url --name --cwd`.split(/\s+/),
);

const FLAG = /^(--?[A-Za-z][\w-]*)(?:=(.*))?$/s;
/** `Bearer TOKEN`: the token is shown without the word as well. */
const CREDENTIAL = /^(?:bearer|basic|token|digest)\s+(\S+)$/i;
/** The password in `scheme://user:password@host`. */
const URL_PASSWORD = /^[a-z][a-z0-9+.-]{0,20}:\/\/[^\s/:@]{0,256}:([^\s/]{1,4096})@/i;
/** `NAME=VALUE`, and `Name: value` as headers are written. */
const ASSIGNMENT = /^([A-Za-z_][\w.-]{0,127})(?:=|:\s)(.*)$/s;
/** `Password=...;` in the address of a database, `?token=...` in a URL; the longer ones are windows of the whole. */
const NAMED_PART = /(?<![\w-])([A-Za-z][\w-]{1,63})=([^\s;&,"']{4,15})(?![^\s;&,"'])/g;
/** A field's name that nobody would choose: with digits, or with signs that names do not have. */
const ODD_KEY = /^(?=.*\d)(?![A-Z][A-Z0-9_]*$)|[^\w.@/:$ -]/;
const LONG_NUMBER = /^\d{8,}$/;

/** Texts that are looked at: each takes some microseconds. */
const MAX_VALUES = 20_000;

interface Open {
  readonly value: unknown;
  /** Whether a name on the way says that it is a secret. */
  readonly isSure: boolean;
}

/**
 * Every value of a task that must never be shown, each once: values of 8 characters or more that are no ordinary words,
 * and of 4 or more where a name says that they are secrets; the long numbers and odd names of fields as well.
 * Credentials inside of a value (`Bearer TOKEN`, `password=...`) count by themselves too.
 */
export function collectSecrets(sources: SecretSources): readonly string[] {
  const secrets = new Set<string>();
  const open: Open[] = [];
  const [seen, seenAsSure] = [new Set<string>(), new Set<string>()];

  function add(value: string, isSure: boolean): void {
    const text = value.trim();
    if (text.length >= (isSure ? MIN_SECRET_LENGTH : MIN_FREE) && (isSure || !isOrdinary(text))) secrets.add(value);
  }

  function addCredential(value: string, isSure: boolean): void {
    add(value, isSure);
    const credential = CREDENTIAL.exec(value.trim())?.[1];
    if (credential !== undefined) add(credential, true);
  }

  let left = MAX_VALUES;

  function addText(value: string, isSure: boolean): void {
    if (value.length < MIN_SECRET_LENGTH || left <= 0) return;
    left -= 1;
    const known = isSure ? seenAsSure : seen;
    if (known.has(value)) return;
    known.add(value);
    addCredential(value, isSure);
    const text = value.trim();
    const [, variable = "", assigned = ""] = ASSIGNMENT.exec(text) ?? [];
    if (saysSecret(variable)) addCredential(assigned, true);
    const password = URL_PASSWORD.exec(text)?.[1];
    if (password !== undefined) for (const form of [password, decoded(password)]) add(form, true);
    for (const [, name = "", part = ""] of text.matchAll(NAMED_PART)) if (saysSecret(name)) add(part, true);
    const inner = parsed(text);
    if (inner !== undefined) open.push({ value: inner, isSure });
  }

  function addArguments(args: readonly string[], isSure: boolean): void {
    let flag = "";
    for (const arg of args) {
      const [, name = "", inline] = FLAG.exec(arg) ?? [];
      const isFlag = name !== "";
      const value = isFlag ? inline : arg;
      const of = isFlag ? name : flag;
      flag = isFlag && inline === undefined ? name : "";
      if (value === undefined || PLAIN_FLAGS.has(of)) continue;
      const [, variable, assigned = ""] = ASSIGNMENT.exec(value) ?? [];
      if (variable === undefined) addText(value, isSure || saysSecret(of));
      else addText(assigned, isSure || saysSecret(of) || saysSecret(variable));
    }
  }

  for (const { name, value } of sources.environment) addText(value, saysSecret(name));
  addArguments(sources.args, false);
  for (const value of sources.objects) open.push({ value, isSure: false });
  // Not recursive: a value may be nested deeply. What is handed to a task has fewer texts than are looked at.
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, isSure } = next;
    if (typeof value === "string" || typeof value === "number") {
      addText(String(value), isSure || LONG_NUMBER.test(String(value)));
    } else if (Array.isArray(value)) {
      const items: readonly unknown[] = value;
      const texts = items.filter((item) => typeof item === "string");
      addArguments(texts, isSure);
      for (const item of items) if (typeof item !== "string") open.push({ value: item, isSure });
    } else if (typeof value === "object" && value !== null) {
      for (const [key, child] of Object.entries(value)) {
        if (ODD_KEY.test(key)) add(key, false);
        open.push({ value: child, isSure: isSure || saysSecret(key) });
      }
    }
  }
  return [...secrets];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The value of a text that is a JSON object or list. */
function parsed(text: string): unknown {
  if (!/^[{[]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Variables that the agent needs, or that every image has: their values are no secrets. */
const PLAIN_VARIABLES = new Set([
  "TASK_ID",
  "GIT_TERMINAL_PROMPT",
  "GH_PROMPT_DISABLED",
  "WARP_SERVER_ROOT_URL",
  "PATH",
  "HOME",
]);

/**
 * The same of a task whose assignment is not at hand: from its container's environment and command. `plain` names variables
 * whose values are no secrets.
 */
export function secretsOfContainer(
  environment: readonly string[],
  command: readonly string[],
  plain: readonly string[] = [],
): readonly string[] {
  const variables = environment.map((entry) => {
    const [name = ""] = entry.split("=", 1);
    return { name, value: entry.slice(name.length + 1) };
  });
  return collectSecrets({
    environment: variables.filter(({ name }) => !PLAIN_VARIABLES.has(name) && !plain.includes(name)),
    objects: [],
    args: command,
  });
}
