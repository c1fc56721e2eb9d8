import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createRegistryCredentials } from "../../../src/docker/registry/credentials.ts";
import { parseImageReference } from "../../../src/docker/registry/image-reference.ts";
import { recordedLog } from "../../support/recorded-log.ts";
import { type DockerCli, dockerCli } from "./docker-cli.ts";
import { type TempFolder, tempFolder } from "./temp-folder.ts";

/** The same file and the same image, once through the Docker CLI and once through this project. */

let cli: DockerCli;
let bin: TempFolder;

beforeAll(async () => {
  cli = await dockerCli();
  bin = await tempFolder();
  await bin.script("docker-credential-ok", `echo '{"ServerURL":"x","Username":"hu","Secret":"hs"}'`);
  await bin.script("docker-credential-token", `echo '{"ServerURL":"x","Username":"<token>","Secret":"tt"}'`);
  await bin.script("docker-credential-empty", "echo 'credentials not found in native keychain'; exit 1");
  await bin.script("docker-credential-broken", "echo boom; exit 1");
  // Keeps what it is given, as a helper of a key chain does.
  await bin.script(
    "docker-credential-keep",
    `case "$1" in store) cat > "${bin.path}/kept";; get) cat "${bin.path}/kept";; list) echo '{}';; esac`,
  );
});

afterAll(async () => {
  await cli[Symbol.asyncDispose]();
  await bin[Symbol.asyncDispose]();
});

interface Ours {
  readonly fromImage: string;
  readonly tag: string;
  readonly auth: unknown;
}

async function ours(configFolder: string, image: string): Promise<Ours | undefined> {
  const reference = parseImageReference(image);
  if (reference.kind === "invalid") return undefined;
  const env = { DOCKER_CONFIG: configFolder, PATH: `${bin.path}:/usr/bin:/bin` };
  const { auth } = await createRegistryCredentials({ env, home: undefined, log: recordedLog() }).for(reference);
  return {
    fromImage: reference.pullName,
    tag: reference.pullTag,
    auth: auth === undefined ? {} : JSON.parse(Buffer.from(auth.header, "base64url").toString("utf8")),
  };
}

const H = "127.0.0.1:5987";
const HUB = "https://index.docker.io/v1/";
const FILE = { auth: Buffer.from("u:p:q").toString("base64") };

/** Without the address: some CLIs repeat the key of the file, some leave it out; ours is always the registry's own. */
const comparable = (auth: unknown): unknown => {
  const { serveraddress: _, ...rest } = { serveraddress: "", ...(typeof auth === "object" ? auth : {}) };
  return rest;
};

describe("logins are found as the Docker CLI finds them", () => {
  test.each([
    [{ auths: { [H]: FILE } }],
    [{ auths: { "other.example": FILE } }],
    [{ auths: { [`http://${H}`]: FILE } }],
    [{ auths: { [`https://${H}/v1/`]: FILE } }],
    [{ auths: { [`${H}/v2/team`]: FILE } }],
    [{ auths: { [H]: {}, [`https://${H}`]: FILE } }],
    [{ auths: { [H]: { username: "a", password: "b" } } }],
    [{ auths: { [H]: { username: "a", password: "b", ...FILE } } }],
    [{ auths: { [H]: { identitytoken: "it" } } }],
    [{ auths: { [H]: { registrytoken: "rt" } } }],
    [{ auths: { [H]: { auth: Buffer.from("u:p\0\0").toString("base64") } } }],
    [{ credsStore: "ok", auths: { [H]: FILE } }],
    [{ credsStore: "token" }],
    [{ credsStore: "empty", auths: { [H]: FILE } }],
    [{ credsStore: "broken", auths: { [H]: FILE } }],
    [{ credsStore: "gone", auths: { [H]: FILE } }],
    [{ credsStore: "token", credHelpers: { [H]: "ok" } }],
    [{ credsStore: "ok", credHelpers: { [`https://${H}`]: "token" } }],
    [{ credsStore: "ok", credHelpers: { [H]: "" }, auths: { [H]: FILE } }],
    [{}],
  ])("%j", async (config) => {
    await using folder = await tempFolder();
    await folder.write("config.json", config);
    const theirs = await cli.pull(folder.path, bin.path, `${H}/x`);
    const mine = await ours(folder.path, `${H}/x`);
    expect(theirs).toBeDefined();
    expect(comparable(mine?.auth)).toEqual(comparable(theirs?.auth));
  });

  test.each([{ auths: { [HUB]: FILE } }, { credsStore: "ok" }, { credHelpers: { [HUB]: "ok", "docker.io": "token" } }])(
    "Docker Hub: %j",
    async (config) => {
      await using folder = await tempFolder();
      await folder.write("config.json", config);
      const theirs = await cli.pull(folder.path, bin.path, "ubuntu");
      expect(theirs).toBeDefined();
      expect(comparable((await ours(folder.path, "ubuntu"))?.auth)).toEqual(comparable(theirs?.auth));
    },
  );

  test.each([{}, { credsStore: "keep" }])("what docker login wrote, starting with %j", async (config) => {
    await using folder = await tempFolder();
    await folder.write("config.json", config);
    const host = await cli.login(folder.path, bin.path, "jo", "p:ä ß?>");
    const mine = await ours(folder.path, `${host}/x`);
    expect(mine?.auth).toEqual({ username: "jo", password: "p:ä ß?>", serveraddress: host });
    const theirs = await cli.pull(folder.path, bin.path, `${host}/x`);
    expect(comparable(theirs?.auth)).toEqual(comparable(mine?.auth));
  });
});

describe("names are taken apart as the Docker CLI does it", () => {
  const hex = (length: number) => "a".repeat(length);
  // Hosts in IPv6 or upper case are missing here: the CLI of 20.10 refuses them.
  const images = [
    ...["ubuntu", "ubuntu:22.04", "team/app:T", "docker.io/x", "index.docker.io/x", "registry-1.docker.io/x", "a/b/c"],
    ...["localhost", "localhost:5000", "localhost/x", "localhost:5000/x:t", "docker.io"],
    ...[
      "docker.io/",
      "x/",
      "/x",
      "x:",
      "x@",
      "A",
      "a/B",
      " x",
      "x ",
      "https://ghcr.io/x",
      "foo:bar/x",
      "a___b",
      "a--b",
    ],
    ...["a..b", "a-", "x:-t", "x:_t", "ex-.com/x", "ghcr.io:/x", "[::1]", "ä/x", `${hex(64)}`, `${hex(64)}:t`],
    ...[`x@sha256:${hex(64)}`, `x:t@sha256:${hex(64)}`, `x@sha512:${hex(128)}`, `x@md5:${hex(32)}`, `x:${hex(129)}`],
  ];

  test.each(images)("%p", async (image) => {
    await using folder = await tempFolder();
    const theirs = await cli.pull(folder.path, bin.path, image);
    const mine = await ours(folder.path, image);
    // Older CLIs ask for the short form of the same name.
    const full =
      theirs && parseImageReference(`${theirs.fromImage}${theirs.tag?.includes(":") ? "@" : ":"}${theirs.tag}`);
    expect(mine?.fromImage).toBe(full?.kind === "reference" ? full.pullName : undefined);
    expect(mine?.tag).toBe(theirs?.tag ?? undefined);
  });
});
