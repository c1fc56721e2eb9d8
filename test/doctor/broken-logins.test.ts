import { expect, test } from "bun:test";
import { freePort } from "../docker/endpoint/local-server.ts";
import { tempFolder } from "../docker/registry/temp-folder.ts";
import { TestAuthority } from "../support/certificates.ts";
import { TokenServer } from "../support/token-server.ts";
import { examined } from "./examined.ts";

const USER = "puller";
const PASSWORD = "pass:word-0123456789";
const OZ = { url: "ws://127.0.0.1:1/ws", workerId: "w" };
const auth = (password: string) => ({ auth: Buffer.from(`${USER}:${password}`).toString("base64") });

/** A registry that knows no more than `/v2/`, and asks for `challenge`. */
function registry(challenge: string, isGood: (authorization: string) => boolean) {
  return Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request) =>
      isGood(request.headers.get("authorization") ?? "")
        ? Response.json({})
        : Response.json({ errors: [] }, { status: 401, headers: { "WWW-Authenticate": challenge } }),
  });
}
const basic = () =>
  registry('Basic realm="test"', (given) => given === `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString("base64")}`);

async function loginsOf(config: object, programs?: string) {
  await using folder = await tempFolder();
  await folder.write("config.json", config);
  const path = programs === undefined ? {} : { PATH: `${programs}:${process.env.PATH}` };
  const { lines, text } = await examined({ oz: OZ, env: { DOCKER_CONFIG: folder.path, ...path } });
  return { lines: lines("login"), text };
}

test("logins by a password: accepted and refused, none shown", async () => {
  const server = basic();
  const host = `127.0.0.1:${server.port}`;
  const good = await loginsOf({ auths: { [host]: auth(PASSWORD) } });
  expect(good.lines).toEqual([`ok    login      ${host} accepts the login of the Docker config file`]);
  const bad = await loginsOf({ auths: { [`https://${host}/v1/`]: auth("wrong-word-0123456789") } });
  expect(bad.lines).toEqual([
    `FAIL  login      ${host} refuses the login of the Docker config file (401); ` +
      `mend: run docker login ${host} as the worker's user`,
  ]);
  expect(good.text + bad.text).not.toMatch(/pass:word|wrong-word/);
  await server.stop(true);
});

test("logins by way of a token service: a password, an identity token, and wrong ones", async () => {
  using authority = new TestAuthority();
  const account = { user: USER, password: PASSWORD, identityToken: "identity-0123456789" };
  await using tokens = new TokenServer(account, authority.issue());
  const { realm } = tokens.settings(authority.file) as { realm: string };
  const server = registry(`Bearer realm="${realm}",service="oz-test-registry"`, () => false);
  const host = `127.0.0.1:${server.port}`;
  const cases: [entry: object, status: string][] = [
    [auth(PASSWORD), "ok"],
    [{ identitytoken: account.identityToken }, "ok"],
    [auth("wrong-word-0123456789"), "FAIL"],
    [{ identitytoken: "wrong-token-0123456789" }, "FAIL"],
  ];
  for (const [entry, status] of cases) {
    const { lines, text } = await loginsOf({ auths: { [host]: entry } });
    expect(lines).toEqual([expect.stringMatching(new RegExp(`^${status} +login +${host}`))]);
    expect(text).not.toMatch(/pass:word|wrong-|identity-0/);
  }
  expect(tokens.asked).toEqual(["password", "refresh_token", "password", "refresh_token"]);
  await server.stop(true);
});

test("helpers are run: one that works, one that fails, one that is missing", async () => {
  await using programs = await tempFolder();
  const server = basic();
  const host = `127.0.0.1:${server.port}`;
  const answer = JSON.stringify({ ServerURL: host, Username: USER, Secret: PASSWORD });
  await programs.script("docker-credential-good", `cat >/dev/null; echo '${answer}'`);
  await programs.script("docker-credential-bad", "cat >/dev/null; echo 'the keychain is locked'; exit 1");
  const using = (helper: string) => loginsOf({ credHelpers: { [host]: helper } }, programs.path);
  expect((await using("good")).lines).toEqual([
    `ok    login      ${host} accepts the login of the helper docker-credential-good`,
  ]);
  expect((await using("bad")).lines).toEqual([
    expect.stringMatching(
      /^FAIL {2}login .*docker-credential-bad failed with exit code 1: the keychain is locked; mend: /,
    ),
  ]);
  expect((await using("gone")).lines).toEqual([
    expect.stringMatching(
      /^FAIL {2}login .*docker-credential-gone is not in the worker's PATH; mend: install it there/,
    ),
  ]);
  await server.stop(true);
});

test("a registry that is away says nothing of the login; a broken entry, and a broken file, are named", async () => {
  const host = `127.0.0.1:${await freePort()}`;
  expect((await loginsOf({ auths: { [host]: auth(PASSWORD) } })).lines).toEqual([
    `warn  login      ${host} could not be shown the login of the Docker config file: ECONNREFUSED; ` +
      "mend: see that the Docker daemon, which pulls, can reach it",
  ]);
  expect((await loginsOf({ auths: { [host]: { auth: "?" } } })).lines).toEqual([
    expect.stringMatching(/^FAIL {2}login .* cannot be used: auth is not base64; mend: run docker login again/),
  ]);
  expect((await loginsOf(["nothing"])).lines).toEqual([expect.stringMatching(/^warn {2}login .*is not a JSON object/)]);
  expect((await loginsOf({})).lines).toEqual([expect.stringMatching(/^ok {4}login .*none: .*names no registry/)]);
});
