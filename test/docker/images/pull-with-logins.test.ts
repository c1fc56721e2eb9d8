import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import type { PullAnswer } from "../../../src/docker/images/images.ts";
import type { CredentialPolicy } from "../../../src/docker/images/pull-with-logins.ts";
import { encodeRegistryAuth, type FoundLogin, type LoginSource } from "../../../src/docker/registry/registry-auth.ts";
import { testEnvironment } from "../../support/environment.ts";
import { testImage } from "../../support/images.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { PrivateRegistries } from "../../support/private-registries.ts";
import type { PushedImage } from "../../support/push-image.ts";
import { until } from "../../support/until.ts";
import { realImages } from "./real-images.ts";

/** One image in three registries: for anybody, for who has a password, and for who has a token. */
let registries: PrivateRegistries;
let image: PushedImage;

beforeAll(async () => {
  const environment = testEnvironment();
  registries = await PrivateRegistries.start(environment.run);
  image = await testImage({ ...environment, registry: registries.open }, "logins", { layers: [[]] });
});
afterAll(() => registries[Symbol.asyncDispose]());
beforeEach(() => {
  Object.assign(registries.tokens, { limitsAnonymous: false, isPublic: false });
});

const HELPER: LoginSource = { kind: "helper", program: "docker-credential-cloud", hasFailed: false };
const FAILED: LoginSource = { ...HELPER, hasFailed: true };
const { signal } = new AbortController();

function login(password: string, source?: LoginSource): FoundLogin {
  const { user } = registries.account;
  const auth = encodeRegistryAuth({ kind: "password", username: user, password }, "x", new Uint8Array(32));
  return { auth, ...(source === undefined ? {} : { source }) };
}

/** Pulls with these logins, one each time that they are looked for; the last one stays. */
async function pull(host: string, policy: CredentialPolicy, logins: readonly FoundLogin[]) {
  let looked = 0;
  const credentials = async () => logins[Math.min(looked++, logins.length - 1)] ?? {};
  const scene = realImages({ credentials });
  const answer = await scene.images.pull(registries.through(host, image), policy, signal);
  return {
    answer,
    looked,
    pulls: scene.asked().registry,
    warnings: scene.log.messages("warn"),
    text: scene.log.text(),
  };
}

const detailOf = (answer: PullAnswer) => (answer.ok ? `had ${answer.imageId}` : answer.detail);
const right = (source?: LoginSource) => login(registries.account.password, source);
const wrong = (source?: LoginSource) => login("wrong-word-1", source);

test("a login that a registry refuses does not keep a public image away; it is warned of once, with what to do", async () => {
  registries.tokens.isPublic = true;
  const host = registries.token;
  const scene = realImages({ credentials: async () => wrong({ kind: "config", name: "DOCKER_AUTH_CONFIG" }) });
  for (const _ of [1, 2]) {
    const answer = await scene.images.pull(registries.through(host, image), "configured", signal);
    expect(answer).toMatchObject({ ok: true, imageId: image.id });
  }
  const renews = `the login that DOCKER_AUTH_CONFIG has for a registry is refused; going on without it: \`docker login ${host}\` renews it`;
  expect(scene.log.messages("warn")).toEqual([renews]);
  expect(scene.log.messages("debug")).toEqual([renews]);
  expect(scene.log.lines[0]?.fields).toMatchObject({ registry: host, said: expect.stringContaining("unauthorized") });
  expect(scene.log.text()).not.toContain("wrong-word-1");
  expect(scene.asked().registry).toBe(4);
});

test("a login that is refused for a private image is tried without, and then the failure names it", async () => {
  const { answer, pulls, warnings } = await pull(registries.basic, "configured", [wrong(HELPER)]);
  expect(pulls).toBe(2);
  expect(warnings).toEqual([]);
  expect(detailOf(answer)).toEndWith(
    `its registry denies it; check the image's name, and that the login that the credential helper docker-credential-cloud has may pull it: \`docker login ${registries.basic}\` renews it`,
  );
});

test("a helper that has failed is asked again before a denial is final", async () => {
  const { answer, looked, pulls } = await pull(registries.basic, "configured", [{ source: FAILED }, right(HELPER)]);
  expect(detailOf(answer)).toBe(`had ${image.id}`);
  expect([looked, pulls]).toEqual([2, 2]);
});

test("a helper that has failed is asked again also where the file's login was refused in its place", async () => {
  const { answer, looked, pulls } = await pull(registries.basic, "configured", [wrong(FAILED), right(HELPER)]);
  expect(detailOf(answer)).toBe(`had ${image.id}`);
  expect([looked, pulls]).toEqual([2, 2]);
});

test.each<[CredentialPolicy, number]>([
  ["configured", 1],
  ["anonymous-first", 1],
])("a helper that fails twice is named, and nothing is pulled in vain (%s)", async (policy, expected) => {
  const { answer, looked, pulls } = await pull(registries.basic, policy, [{ source: FAILED }]);
  expect([looked, pulls]).toEqual([2, expected]);
  expect(detailOf(answer)).toContain("the credential helper docker-credential-cloud, which failed");
});

test("a helper that has failed is not asked again where no login is needed", async () => {
  const { answer, looked } = await pull(registries.open, "configured", [{ source: FAILED }]);
  expect(detailOf(answer)).toBe(`had ${image.id}`);
  expect(looked).toBe(1);
});

test.each<[string, FoundLogin, string]>([
  ["nobody", {}, "it has no login for that registry"],
  [
    "a helper that knows none",
    { source: HELPER },
    "the credential helper docker-credential-cloud has no login for that registry",
  ],
])("without a login from %s the failure says so", async (_, found, words) => {
  const { answer, pulls } = await pull(registries.basic, "configured", [found]);
  expect(detailOf(answer)).toContain(words);
  expect(pulls).toBe(1);
});

test("a sidecar's image that is limited without a login is pulled with it, at once", async () => {
  registries.tokens.limitsAnonymous = true;
  const { answer, pulls, warnings } = await pull(registries.token, "anonymous-first", [right()]);
  expect(detailOf(answer)).toBe(`had ${image.id}`);
  expect(pulls).toBe(2);
  expect(warnings).toEqual([]);
});

test("a sidecar's image that is denied without a login is pulled with it; one that is open never sees it", async () => {
  expect(detailOf((await pull(registries.basic, "anonymous-first", [right()])).answer)).toBe(`had ${image.id}`);
  const { answer, looked } = await pull(registries.open, "anonymous-first", [right()]);
  expect(detailOf(answer)).toBe(`had ${image.id}`);
  expect(looked).toBe(0);
});

test("a limit is waited for once, and long; no quick tries run against it", async () => {
  registries.tokens.limitsAnonymous = true;
  const clock = new ManualClock();
  const { images, log, asked } = realImages({ clock });
  const answer = images.pull(registries.through(registries.token, image), "configured", signal);
  await until("the first refusal", () => log.messages("warn").length > 0);
  expect(log.lines.at(-1)?.fields).toMatchObject({ reason: "limited", delaySeconds: 20 });
  expect(asked().registry).toBe(1);
  clock.advance(19_999);
  await Bun.sleep(50);
  expect(asked().registry).toBe(1);
  clock.advance(1);
  expect(detailOf(await answer)).toContain("its registry limits how much may be pulled; try again later, or run");
  expect(asked().registry).toBe(2);
});

test("a limit that is over by then is no failure", async () => {
  registries.tokens.limitsAnonymous = true;
  const clock = new ManualClock();
  const { images, log } = realImages({ clock });
  const answer = images.pull(registries.through(registries.token, image), "configured", signal);
  await until("the first refusal", () => log.messages("warn").length > 0);
  Object.assign(registries.tokens, { limitsAnonymous: false, isPublic: true });
  clock.advance(20_000);
  expect(detailOf(await answer)).toBe(`had ${image.id}`);
});

test("with a login that is refused the limit of those without is the reason", async () => {
  registries.tokens.limitsAnonymous = true;
  const clock = new ManualClock();
  const { images, log } = realImages({ clock, credentials: async () => wrong() });
  const abort = new AbortController();
  const answer = images.pull(registries.through(registries.token, image), "anonymous-first", abort.signal);
  await until("the wait", () => log.lines.some(({ fields }) => fields.reason === "limited"));
  expect(log.messages("warn")[0]).toStartWith("the login that the worker's user has for a registry is refused");
  const reason = new Error("cancelled");
  abort.abort(reason);
  expect(await answer.catch((error: unknown) => error)).toBe(reason);
});

test("what a registry repeats of a login reaches neither Oz nor the log", async () => {
  const { answer, text } = await pull(registries.token, "configured", [wrong()]);
  const pair = Buffer.from(`${registries.account.user}:wrong-word-1`).toString("base64");
  for (const secret of ["wrong-word-1", pair]) expect(JSON.stringify(answer) + text).not.toContain(secret);
  expect(answer).toMatchObject({ ok: false, said: expect.stringContaining("[redacted]") });
  expect(detailOf(answer)).not.toContain("wrong login");
});
