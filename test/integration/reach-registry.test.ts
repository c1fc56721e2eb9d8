import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { userInfo } from "node:os";
import { join } from "node:path";
import { tempFolder } from "../docker/registry/temp-folder.ts";
import { sidecarImage } from "../support/images.ts";
import { Relay } from "../support/relay.ts";
import { until } from "../support/until.ts";
import { WorkerFixture } from "../support/worker-fixture.ts";
import { RegistryScene } from "./registry-scene.ts";

let scene: RegistryScene;

beforeAll(async () => {
  scene = await RegistryScene.start();
});
afterAll(() => scene[Symbol.asyncDispose]());
afterEach(() => expect(scene.secretsTold()).toEqual([]));

/** One config file of several logins. */
const merged = (...files: readonly { readonly auths: object }[]) => ({
  auths: Object.assign({}, ...files.map(({ auths }) => auths)),
});

describe("a private image is pulled with", () => {
  const behindPassword: readonly (readonly [what: string, config: (registry: string) => object])[] = [
    ["auths by HOST:PORT", (registry) => scene.login(registry)],
    ["auths by https://HOST:PORT", (registry) => scene.login(`https://${registry}`)],
    ["auths by https://HOST:PORT/v1/", (registry) => scene.login(`https://${registry}/v1/`)],
    [
      "username and password",
      (registry) => {
        const { user, password } = scene.registries.account;
        return { auths: { [registry]: { username: user, password } } };
      },
    ],
    ["credsStore", () => ({ credsStore: "right" })],
    [
      "credHelpers before credsStore and auths",
      (registry) => ({
        ...scene.login(registry, scene.wrongPassword),
        credsStore: "wrong",
        credHelpers: { [registry]: "right", "other.example": "wrong" },
      }),
    ],
    [
      "the longest path that fits, of two logins of one registry",
      (registry) => {
        const { wrongPassword, repository } = scene;
        const all = scene.login(registry, wrongPassword);
        return merged(
          all,
          scene.login(`https://${registry}/other`, wrongPassword),
          scene.login(`${registry}/${repository}`),
        );
      },
    ],
    ["a helper that fails once", (registry) => ({ credHelpers: { [registry]: "once" } })],
    ["auths, where the helper is not installed", (registry) => ({ ...scene.login(registry), credsStore: "absent" })],
  ];
  test.each(behindPassword)("%s", async (_, config) => {
    const result = await scene.runWith(config(scene.registries.basic), scene.basic);
    expect(result.type).toBe("task_completed");
  });

  const behindTokens: readonly (readonly [what: string, grant: string, config: (registry: string) => object])[] = [
    ["a password that a token server takes", "password", (registry) => scene.login(registry)],
    [
      "an identity token",
      "refresh_token",
      (registry) => ({ auths: { [registry]: { identitytoken: scene.registries.account.identityToken } } }),
    ],
    ["an identity token of a helper", "refresh_token", (registry) => ({ credHelpers: { [registry]: "token" } })],
  ];
  test.each(behindTokens)("%s", async (_, grant, config) => {
    const result = await scene.runWith(config(scene.registries.token), scene.token);
    expect(result.type).toBe("task_completed");
    expect(scene.registries.tokens.asked.at(-1)).toBe(grant);
  });

  test("the config file below HOME, where DOCKER_CONFIG is not set", async () => {
    await using home = await tempFolder();
    await Bun.write(join(home.path, ".docker/config.json"), JSON.stringify(scene.login(scene.registries.basic)));
    await using other = await WorkerFixture.start("registry-home", { env: { HOME: home.path } });
    expect((await other.run("exit 0", { docker_image: scene.basic })).type).toBe("task_completed");
  });

  test("the config file of the account's home, where HOME is empty or not set", async () => {
    await using home = await tempFolder();
    await Bun.write(join(home.path, ".docker/config.json"), JSON.stringify(scene.login(scene.registries.basic)));
    const place = userInfo().homedir;
    for (const unset of ["HOME=", "--unset=HOME"]) {
      // Without a home Bun would keep what it has made of the sources in the current folder.
      const kept = "BUN_RUNTIME_TRANSPILER_CACHE_PATH=0";
      const script = `mount --bind ${home.path} ${place} && exec env ${unset} ${kept} "$@"`;
      await using other = await WorkerFixture.start("account-home", {
        under: ["unshare", "--mount", "sh", "-c", script, "sh"],
      });
      expect((await other.run("exit 0", { docker_image: scene.basic })).type).toBe("task_completed");
    }
  });

  test("DOCKER_AUTH_CONFIG, before the config file", async () => {
    const { registries, basic, wrongPassword } = scene;
    await using folder = await tempFolder();
    await folder.write("config.json", scene.login(registries.basic, wrongPassword));
    const env = { DOCKER_CONFIG: folder.path, DOCKER_AUTH_CONFIG: JSON.stringify(scene.login(registries.basic)) };
    await using other = await WorkerFixture.start("auth-config", { env });
    expect((await other.run("exit 0", { docker_image: basic })).type).toBe("task_completed");
    const { data } = await other.run("exit 0", { docker_image: scene.token });
    expect(data.failure_reason).toBe("image_pull");
    const { stderr } = await other.stopWorker();
    expect(stderr).not.toContain(JSON.stringify(scene.login(registries.basic)).slice(20, 60));
    expect(scene.secretsIn(stderr)).toEqual([]);
  });

  test("what docker login writes while the worker runs, until docker logout", async () => {
    const { registries, basic } = scene;
    expect((await scene.runWith({}, basic)).data.failure_reason).toBe("image_pull");
    await scene.docker("login", "--username", registries.account.user, "--password-stdin", registries.basic);
    expect((await scene.run(basic)).type).toBe("task_completed");
    await scene.docker("logout", registries.basic);
    expect((await scene.run(basic)).data.failure_reason).toBe("image_pull");
  });

  test("the identity token that docker login keeps in place of the password", async () => {
    const { registries, token } = scene;
    const file = await scene.writeConfig({});
    await scene.docker("login", "--username", registries.account.user, "--password-stdin", registries.token);
    expect(await Bun.file(file).text()).toContain(registries.account.identityToken);
    expect((await scene.run(token)).type).toBe("task_completed");
    expect(registries.tokens.asked.at(-1)).toBe("refresh_token");
  });
});

describe("a private image that cannot be pulled fails its task with image_pull, named, without a secret:", () => {
  const table: readonly (readonly [what: string, image: () => string, config: () => object])[] = [
    ["no login", () => scene.basic, () => ({})],
    ["a login for another registry", () => scene.basic, () => scene.login("other.example")],
    ["a wrong password", () => scene.basic, () => scene.login(scene.registries.basic, scene.wrongPassword)],
    ["a helper with a wrong password", () => scene.basic, () => ({ credsStore: "wrong" })],
    [
      "a helper that fails and tells too much",
      () => scene.basic,
      () => ({ ...scene.login(scene.registries.basic, scene.wrongPassword), credsStore: "leaky" }),
    ],
    [
      "a wrong password for a token server",
      () => scene.token,
      () => scene.login(scene.registries.token, scene.wrongPassword),
    ],
    ["no login for a token server", () => scene.token, () => ({})],
    [
      "a wrong identity token",
      () => scene.token,
      () => ({ auths: { [scene.registries.token]: { identitytoken: scene.wrongPassword } } }),
    ],
  ];
  test.each(table)("%s", async (_, image, config) => {
    const { data } = await scene.runWith(config(), image());
    expect(data.failure_reason).toBe("image_pull");
    expect(data.message).toContain(image());
    // A login does not mend a helper.
    const isHelper = JSON.stringify(config()).includes("leaky");
    const wayOut = isHelper ? "which failed: the worker's log says how" : `\`docker login ${image().split("/")[0]}\``;
    expect(data.message).toContain(wayOut);
  });
});

describe("a login that its registry refuses", () => {
  test("keeps no public image away, and is warned of once with what to do", async () => {
    const { fixture, registries, token, wrongPassword } = scene;
    const from = fixture.worker.lines.length;
    registries.tokens.isPublic = true;
    try {
      for (const _ of [1, 2]) {
        const result = await scene.runWith(scene.login(registries.token, wrongPassword), token);
        expect(result.type).toBe("task_completed");
      }
    } finally {
      registries.tokens.isPublic = false;
    }
    const warning = `the login that the Docker config file has for a registry is refused; going on without it: \`docker login ${registries.token}\` renews it`;
    expect(warningsFrom(from)).toEqual([expect.stringContaining(warning)]);
  });

  test("is named where it is a helper's", async () => {
    const { data } = await scene.runWith({ credsStore: "wrong" }, scene.basic);
    expect(data.message).toContain("the credential helper docker-credential-wrong");
    const failing = await scene.runWith(
      { ...scene.login(scene.registries.basic, scene.wrongPassword), credsStore: "leaky" },
      scene.basic,
    );
    expect(failing.data.message).toContain("the credential helper docker-credential-leaky, which failed");
  });
});

/** Of logins, that is: the failure of a task before may be logged late. */
function warningsFrom(line: number): readonly string[] {
  return scene.fixture.worker.lines.slice(line).filter((text) => / WARN (?!task failed)/.test(text));
}

describe("public images are pulled, with one warning for", () => {
  const table: readonly (readonly [what: string, config: unknown, warning: RegExp])[] = [
    ["a helper that is not installed", { credsStore: "gone" }, /docker-credential-gone is not in the worker's PATH/],
    ["no JSON", '{"auths": {', /config\.json: is not valid JSON/],
    ["JSON of another shape", { auths: "none" }, /config\.json: auths is not an object/],
  ];
  test.each(table)("%s", async (_, config, warning) => {
    const { fixture } = scene;
    const from = fixture.worker.lines.length;
    for (const _ of [1, 2]) expect((await scene.runWith(config, fixture.image)).type).toBe("task_completed");
    await fixture.worker.waitForLine(warning, 5_000, from);
    expect(warningsFrom(from)).toEqual([expect.stringMatching(warning)]);
  });

  test("but none for no file", async () => {
    const { fixture } = scene;
    const from = fixture.worker.lines.length;
    await scene.removeConfig();
    expect((await scene.run(fixture.image)).type).toBe("task_completed");
    expect(warningsFrom(from)).toEqual([]);
  });
});

test("pulls of one image with different logins are not shared", async () => {
  const { fixture, registries } = scene;
  const relay = await Relay.start({ port: Number(registries.basic.split(":")[1]) });
  try {
    const host = `127.0.0.1:${relay.port}`;
    const assignWith = async (password: string) => {
      await scene.writeConfig(scene.login(host, password));
      const before = relay.accepted;
      const data = fixture.task("exit 0", { docker_image: registries.through(host, scene.image) });
      await fixture.oz.assign(data);
      // Once the daemon asks the registry, it has been given the login.
      await fixture.oz.waitForMessage("task_claimed", data.task_id);
      await until("the daemon asks the registry", () => relay.accepted > before);
      return data.task_id;
    };
    relay.freeze();
    const right = await assignWith(registries.account.password);
    const wrong = await assignWith(scene.wrongPassword);
    relay.thaw();
    expect((await fixture.oz.waitForResult(right, 30_000)).type).toBe("task_completed");
    expect((await fixture.oz.waitForResult(wrong, 30_000)).data.failure_reason).toBe("image_pull");
  } finally {
    relay.stop();
  }
});

describe("a sidecar", () => {
  const push = (name: string) =>
    sidecarImage({ ...scene.fixture.environment, registry: scene.registries.open }, { name });

  test("that is private is pulled with the login of its registry, or fails with sidecar_prep", async () => {
    const { fixture, registries } = scene;
    const image = registries.through(registries.basic, await push("private-sidecar"));
    await scene.asked();
    await scene.writeConfig({ credHelpers: { [registries.basic]: "right" } });
    expect((await fixture.run("exit 0", { sidecar_image: image })).type).toBe("task_completed");
    expect(await scene.asked()).toEqual([registries.basic]);

    await scene.writeConfig({ credHelpers: { [registries.basic]: "wrong" } });
    const { data } = await fixture.run("exit 0", { sidecar_image: image });
    expect(data.failure_reason).toBe("sidecar_prep");
    expect(data.message).toContain(image);
  });

  test("that is limited without a login is pulled with it", async () => {
    const { fixture, registries } = scene;
    const image = registries.through(registries.token, await push("limited-sidecar"));
    registries.tokens.limitsAnonymous = true;
    registries.tokens.asked.length = 0;
    try {
      await scene.writeConfig(scene.login(registries.token));
      expect((await fixture.run("exit 0", { sidecar_image: image })).type).toBe("task_completed");
      expect(registries.tokens.asked.filter((by) => by === "anonymous")).toHaveLength(1);
    } finally {
      registries.tokens.limitsAnonymous = false;
    }
  });

  test("that is public is pulled without any login, other than a task's image", async () => {
    const { fixture, registries, image } = scene;
    const sidecar = await push("public-sidecar");
    await scene.asked();
    await scene.writeConfig({ credHelpers: { [registries.open]: "right" } });
    expect((await fixture.run("exit 0", { sidecar_image: sidecar.reference })).type).toBe("task_completed");
    expect(await scene.asked()).toEqual([]);
    expect((await scene.run(image.reference)).type).toBe("task_completed");
    expect(await scene.asked()).toEqual([registries.open]);
  });
});
