import { describe, expect, test } from "bun:test";
import { createRegistryCredentials } from "../../../src/docker/registry/credentials.ts";
import { parseImageReference } from "../../../src/docker/registry/image-reference.ts";
import type { LoginSource } from "../../../src/docker/registry/registry-auth.ts";
import { recordedLog } from "../../support/recorded-log.ts";
import { tempFolder } from "./temp-folder.ts";

/** `DOCKER_AUTH_CONFIG`, before a config file. */

const pair = (user: string, password: string) => Buffer.from(`${user}:${password}`).toString("base64");
const OF_VARIABLE = { auth: pair("v", "variable-secret") };
const OF_FILE = { auth: pair("f", "file-secret") };
const FILE: LoginSource = { kind: "config", name: "the Docker config file" };
const VARIABLE: LoginSource = { kind: "config", name: "DOCKER_AUTH_CONFIG" };
const helper = (name: string, hasFailed = false): LoginSource => ({
  kind: "helper",
  program: `docker-credential-${name}`,
  hasFailed,
});

async function lookUp(variable: unknown, file: unknown, image: string) {
  await using folder = await tempFolder();
  await folder.write("config.json", file);
  await folder.script("docker-credential-own", `echo '{"Username":"o","Secret":"own-secret"}'`);
  await folder.script("docker-credential-empty", "echo 'credentials not found in native keychain'; exit 1");
  await folder.script(
    "docker-credential-chatty",
    `echo "vault sealed, variable-secret ${OF_VARIABLE.auth}" >&2; echo "$DOCKER_AUTH_CONFIG" >&2; exit 1`,
  );
  const log = recordedLog();
  const text = typeof variable === "string" ? variable : JSON.stringify(variable);
  const env = { DOCKER_CONFIG: folder.path, DOCKER_AUTH_CONFIG: text, PATH: `${folder.path}:/usr/bin:/bin` };
  const credentials = createRegistryCredentials({ env, home: undefined, log });
  const reference = parseImageReference(image);
  if (reference.kind === "invalid") throw new Error(reference.reason);
  const { auth, source } = await credentials.for(reference);
  const sent = auth && JSON.parse(Buffer.from(auth.header, "base64url").toString("utf8"));
  return { user: sent?.username ?? sent?.identitytoken, source, warnings: log.messages("warn"), text: log.text() };
}

const table: readonly [
  what: string,
  variable: unknown,
  file: unknown,
  user: string | undefined,
  source: LoginSource | undefined,
][] = [
  ["its auths, before the file's", { auths: { "h:1": OF_VARIABLE } }, { auths: { "h:1": OF_FILE } }, "v", VARIABLE],
  ["its auths, before the file's helper", { auths: { "h:1": OF_VARIABLE } }, { credsStore: "own" }, "v", VARIABLE],
  ["its auths, before its own helper", { auths: { "h:1": OF_VARIABLE }, credsStore: "own" }, {}, "v", VARIABLE],
  ["another spelling of the registry", { auths: { "https://h:1/v1/": OF_VARIABLE } }, {}, "v", VARIABLE],
  ["user and password in clear", { auths: { "h:1": { username: "v", password: "p" } } }, {}, "v", VARIABLE],
  ["an identity token", { auths: { "h:1": { identitytoken: "variable-secret" } } }, {}, "variable-secret", VARIABLE],
  ["its longest path", { auths: { "h:1": OF_FILE, "h:1/team": OF_VARIABLE } }, {}, "v", VARIABLE],
  ["its helper for the registry", { credHelpers: { "h:1": "own" } }, { auths: { "h:1": OF_FILE } }, "o", helper("own")],
  ["its helper for all", { credsStore: "own" }, { auths: { "h:1": OF_FILE } }, "o", helper("own")],
  [
    "the file where it has another registry",
    { auths: { "h:2": OF_VARIABLE } },
    { auths: { "h:1": OF_FILE } },
    "f",
    FILE,
  ],
  [
    "the file's helper where it has another registry",
    { auths: { "h:2": OF_VARIABLE } },
    { credsStore: "own" },
    "o",
    helper("own"),
  ],
  ["the file where its entry is empty", { auths: { "h:1": {} } }, { auths: { "h:1": OF_FILE } }, "f", FILE],
  ["the file where its helper knows nothing", { credsStore: "empty" }, { auths: { "h:1": OF_FILE } }, "f", FILE],
  ["its helper's name where nobody knows anything", { credsStore: "empty" }, {}, undefined, helper("empty")],
  ["nothing", {}, {}, undefined, undefined],
  ["the file where it is empty", "", { auths: { "h:1": OF_FILE } }, "f", FILE],
  ["the file where it is blank", " \n", { auths: { "h:1": OF_FILE } }, "f", FILE],
];

test.each(table)("gives %s", async (_, variable, file, user, source) => {
  const found = await lookUp(variable, file, "h:1/team/x");
  expect([found.user, found.source]).toEqual([user, source]);
  expect(found.warnings).toEqual([]);
  expect(found.text).not.toContain("secret");
});

test("is looked up for Docker Hub by its own key", async () => {
  const variable = { auths: { "https://index.docker.io/v1/": OF_VARIABLE } };
  expect((await lookUp(variable, {}, "ubuntu")).user).toBe("v");
});

describe("that is wrong is one warning without any of it, and the file counts:", () => {
  test.each([
    ["no JSON", `{"auths": {"h:1": {"auth": "${OF_VARIABLE.auth}"`, "DOCKER_AUTH_CONFIG is not valid JSON"],
    ["the login alone", OF_VARIABLE.auth, "DOCKER_AUTH_CONFIG is not valid JSON"],
    ["a path", "/root/.docker/variable-secret.json", "DOCKER_AUTH_CONFIG is not valid JSON"],
    ["a list", ["variable-secret"], "DOCKER_AUTH_CONFIG is not a JSON object"],
    ["auths of another shape", { auths: ["variable-secret"] }, "DOCKER_AUTH_CONFIG auths is not an object"],
    [
      "logins without auths around them",
      { "h:1": OF_VARIABLE },
      'DOCKER_AUTH_CONFIG has no "auths", which logins stand',
    ],
    [
      "an entry of another shape",
      { auths: { "h:1": "variable-secret" } },
      'DOCKER_AUTH_CONFIG the entry "h:1" of auths',
    ],
    [
      "an entry that is no login",
      { auths: { "h:1": { auth: "variable-secret" } } },
      "the login in DOCKER_AUTH_CONFIG cannot be used: auth is not the base64 of user:password; take it from a new",
    ],
    [
      "a helper that is not there",
      { credsStore: "gone" },
      "docker-credential-gone is not in the worker's PATH; install it there; going on with the Docker config file",
    ],
    ["a helper that fails", { credsStore: "chatty" }, "docker-credential-chatty failed with exit code 1"],
  ])("%s", async (_, variable, warning) => {
    const found = await lookUp(variable, { auths: { "h:1": OF_FILE } }, "h:1/x");
    expect([found.user, found.source]).toEqual(["f", FILE]);
    expect(found.warnings).toEqual([expect.stringContaining(warning)]);
    for (const part of ["secret", OF_VARIABLE.auth]) expect(found.text).not.toContain(part);
  });
});

test("its parts are in no message, though a helper of the file prints them all", async () => {
  const variable = { auths: { "h:2": OF_VARIABLE, "h:3": { identitytoken: "identity-secret", ...OF_VARIABLE } } };
  const found = await lookUp(variable, { credsStore: "chatty" }, "h:1/x");
  expect(found.source).toEqual(helper("chatty", true));
  expect(found.warnings).toHaveLength(1);
  for (const part of ["secret", OF_VARIABLE.auth]) expect(found.text).not.toContain(part);
});
