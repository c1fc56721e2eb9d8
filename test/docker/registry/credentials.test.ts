import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  createRegistryCredentials,
  type RegistryCredentialsOptions,
} from "../../../src/docker/registry/credentials.ts";
import { parseImageReference } from "../../../src/docker/registry/image-reference.ts";
import type { FoundLogin } from "../../../src/docker/registry/registry-auth.ts";
import { recordedLog } from "../../support/recorded-log.ts";
import { tempFolder } from "./temp-folder.ts";

const HUB = "https://index.docker.io/v1/";
const base64 = (text: string) => Buffer.from(text, "utf8").toString("base64");
const registryOf = (image: string) => {
  const reference = parseImageReference(image);
  if (reference.kind === "invalid") throw new Error(reference.reason);
  return reference;
};
const decode = ({ auth }: FoundLogin): unknown =>
  auth && JSON.parse(Buffer.from(auth.header, "base64url").toString("utf8"));

async function setUp(config: unknown, options: Partial<RegistryCredentialsOptions> = {}) {
  const folder = await tempFolder();
  await folder.write("config.json", config);
  await folder.script(
    "docker-credential-hub",
    `read -r s; echo "$s" >> "${folder.path}/asked"; echo '{"Username":"hu","Secret":"hub-secret"}'`,
  );
  await folder.script("docker-credential-own", `echo '{"Username":"ou","Secret":"own-secret"}'`);
  await folder.script("docker-credential-token", `echo '{"Username":"<token>","Secret":"identity"}'`);
  await folder.script("docker-credential-empty", "echo 'credentials not found in native keychain'; exit 1");
  await folder.script("docker-credential-broken", "echo 'vault sealed, env-secret' >&2; exit 1");
  await folder.script("docker-credential-chatty", "echo 'vault sealed, file-secret env-secret' >&2; exit 1");
  const log = recordedLog();
  const env = { DOCKER_CONFIG: folder.path, PATH: `${folder.path}:/usr/bin:/bin`, SOME_SECRET: "env-secret" };
  const credentials = createRegistryCredentials({ env, home: undefined, log, ...options });
  return { folder, log, credentials };
}

const FILE = { auth: base64("fu:file-secret") };
const hubLogin = (serveraddress: string) => ({ username: "hu", password: "hub-secret", serveraddress });
const fileLogin = (serveraddress: string) => ({ username: "fu", password: "file-secret", serveraddress });

const lookups: readonly [string, object, string, object | undefined][] = [
  ["auths", { auths: { "ghcr.io": FILE } }, "ghcr.io/x", fileLogin("ghcr.io")],
  ["auths of another registry", { auths: { "ghcr.io": FILE } }, "quay.io/x", undefined],
  ["auths with scheme and path", { auths: { "https://ghcr.io/v2/": FILE } }, "ghcr.io/x", fileLogin("ghcr.io")],
  ["auths of Docker Hub", { auths: { [HUB]: FILE } }, "ubuntu", fileLogin(HUB)],
  ["a legacy key of Docker Hub", { auths: { "index.docker.io": FILE } }, "docker.io/team/x", fileLogin(HUB)],
  [
    "an identity token",
    { auths: { h: {}, "h:1": { identitytoken: "t" } } },
    "h:1/x",
    { identitytoken: "t", serveraddress: "h:1" },
  ],
  ["an empty entry", { auths: { "ghcr.io": {} } }, "ghcr.io/x", undefined],
  ["credsStore", { credsStore: "hub" }, "ghcr.io/x", hubLogin("ghcr.io")],
  ["credsStore over auths", { credsStore: "hub", auths: { "ghcr.io": FILE } }, "ghcr.io/x", hubLogin("ghcr.io")],
  ["credsStore for Docker Hub", { credsStore: "hub" }, "ubuntu", hubLogin(HUB)],
  [
    "credHelpers over credsStore",
    { credsStore: "own", credHelpers: { "ghcr.io": "hub" } },
    "ghcr.io/x",
    hubLogin("ghcr.io"),
  ],
  [
    "credHelpers of another registry",
    { credsStore: "hub", credHelpers: { "quay.io": "own" } },
    "ghcr.io/x",
    hubLogin("ghcr.io"),
  ],
  ["credHelpers of Docker Hub", { credHelpers: { [HUB]: "hub" } }, "ubuntu", hubLogin(HUB)],
  ["credHelpers by the very key only", { credHelpers: { "https://ghcr.io": "hub" } }, "ghcr.io/x", undefined],
  [
    "an empty helper name",
    { credsStore: "hub", credHelpers: { "ghcr.io": "" }, auths: { "ghcr.io": FILE } },
    "ghcr.io/x",
    fileLogin("ghcr.io"),
  ],
  [
    "a helper's identity token",
    { credsStore: "token" },
    "ghcr.io/x",
    { identitytoken: "identity", serveraddress: "ghcr.io" },
  ],
  ["a helper without a login", { credsStore: "empty", auths: { "ghcr.io": FILE } }, "ghcr.io/x", undefined],
];

const troubles: readonly [string, object, object | undefined, string][] = [
  [
    "a missing helper",
    { credsStore: "gone" },
    undefined,
    "docker-credential-gone is not in the worker's PATH; install it there; pulling without credentials",
  ],
  [
    "a missing helper, a login in auths",
    { credsStore: "gone", auths: { "ghcr.io": FILE } },
    fileLogin("ghcr.io"),
    "using the login of the config file instead",
  ],
  [
    "a failing helper",
    { credHelpers: { "ghcr.io": "broken" } },
    undefined,
    "docker-credential-broken failed with exit code 1: vault sealed",
  ],
  [
    "a failing helper, a login in auths",
    { credsStore: "chatty", auths: { "ghcr.io": FILE } },
    fileLogin("ghcr.io"),
    "vault sealed, [redacted] [redacted]",
  ],
  ["a bad helper name", { credsStore: "../x" }, undefined, "not a credential helper's name"],
  [
    "a bad entry",
    { auths: { "ghcr.io": { auth: "file-secret" } } },
    undefined,
    "auth is not the base64 of user:password",
  ],
];

describe("createRegistryCredentials", () => {
  test.each(lookups)("%s", async (_, config, image, expected) => {
    const { folder, log, credentials } = await setUp(config);
    await using _folder = folder;
    expect(decode(await credentials.for(registryOf(image)))).toEqual(expected);
    expect(log.lines).toEqual([]);
  });

  test.each(troubles)("%s is logged and the pull goes on", async (_, config, expected, message) => {
    const { folder, log, credentials } = await setUp(config);
    await using _folder = folder;
    expect(decode(await credentials.for(registryOf("ghcr.io/x")))).toEqual(expected);
    expect(log.messages("warn")).toHaveLength(1);
    expect(log.messages("warn")[0]).toContain(message);
    expect(log.lines[0]?.fields).toMatchObject({ registry: "ghcr.io", from: join(folder.path, "config.json") });
    expect(log.text()).not.toMatch(/file-secret|env-secret|hub-secret/);
  });

  test("a broken file is one warning, and nothing", async () => {
    const { folder, log, credentials } = await setUp('{"auths": {"ghcr.io": {"auth": "file-secret"');
    await using _ = folder;
    expect((await credentials.for(registryOf("ghcr.io/x"))).auth).toBeUndefined();
    expect((await credentials.for(registryOf("ubuntu"))).auth).toBeUndefined();
    expect(log.messages("warn")).toHaveLength(1);
    expect(log.text()).not.toContain("file-secret");
  });

  test("a missing helper is one warning until it was there", async () => {
    const { folder, log, credentials } = await setUp({ credsStore: "late" });
    await using _ = folder;
    const warnings = () => log.messages("warn").length;
    for (const image of ["ubuntu", "ghcr.io/x", "ubuntu"])
      expect((await credentials.for(registryOf(image))).auth).toBeUndefined();
    expect(warnings()).toBe(1);
    expect(log.messages("debug")).toHaveLength(2);
    const helper = await folder.script("docker-credential-late", `echo '{"Username":"u","Secret":"p"}'`);
    expect((await credentials.for(registryOf("ubuntu"))).auth).toBeDefined();
    await Bun.file(helper).delete();
    expect((await credentials.for(registryOf("ubuntu"))).auth).toBeUndefined();
    expect(warnings()).toBe(2);
  });

  test("a login that changed is found at the next pull", async () => {
    const { folder, credentials } = await setUp({});
    await using _ = folder;
    expect((await credentials.for(registryOf("ghcr.io/x"))).auth).toBeUndefined();
    await folder.write("config.json", { auths: { "ghcr.io": FILE } });
    const first = await credentials.for(registryOf("ghcr.io/x"));
    expect(decode(first)).toEqual(fileLogin("ghcr.io"));
    expect((await credentials.for(registryOf("ghcr.io/other"))).auth?.fingerprint).toBe(first.auth?.fingerprint ?? "");
    await folder.write("config.json", { auths: { "ghcr.io": { auth: base64("fu:new-secret") } } });
    const second = await credentials.for(registryOf("ghcr.io/x"));
    expect(second.auth?.fingerprint).not.toBe(first.auth?.fingerprint ?? "");
  });

  test("pulls that start together ask a helper once, one registry at a time, and later ones again", async () => {
    const { folder, credentials } = await setUp({ credsStore: "hub" });
    await using _ = folder;
    const images = ["ghcr.io/a", "ghcr.io/b", "ghcr.io/c", "quay.io/a"];
    const answers = await Promise.all(images.map((image) => credentials.for(registryOf(image))));
    expect(answers.map(decode)).toEqual(["ghcr.io", "ghcr.io", "ghcr.io", "quay.io"].map(hubLogin));
    const asked = async () => (await readFile(join(folder.path, "asked"), "utf8")).trim().split("\n").sort();
    expect(await asked()).toEqual(["ghcr.io", "quay.io"]);
    await credentials.for(registryOf("ghcr.io/a"));
    expect(await asked()).toEqual(["ghcr.io", "ghcr.io", "quay.io"]);
  });

  test("a helper that hangs is given up and named", async () => {
    const { folder, log, credentials } = await setUp({ credsStore: "slow" }, { helperLimitMs: 200 });
    await using _ = folder;
    await folder.script("docker-credential-slow", "exec sleep 60");
    expect((await credentials.for(registryOf("ghcr.io/x"))).auth).toBeUndefined();
    expect(log.messages("warn")[0]).toContain("docker-credential-slow did not answer within 0.2 s");
  });

  test("a waiter leaves with its signal's reason", async () => {
    const { folder, log, credentials } = await setUp({ credsStore: "slow" });
    await using _ = folder;
    await folder.script("docker-credential-slow", "exec sleep 60");
    const reason = new Error("cancelled");
    const abort = new AbortController();
    const waiting = credentials.for(registryOf("ghcr.io/x"), abort.signal);
    setTimeout(() => abort.abort(reason), 100);
    expect(await waiting.catch((error) => error)).toBe(reason);
    expect(await credentials.for(registryOf("ghcr.io/x"), abort.signal).catch((error) => error)).toBe(reason);
    expect(log.lines).toEqual([]);
  });
});
