import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { parse } from "yaml";
import { IMAGE_HOME } from "../../scripts/release/image-archive.ts";

/** What of https://github.com/compose-spec/compose-spec the files use: an unknown or misspelt key is refused. */
const Compose = <Entries extends v.ObjectEntries>(worker: Entries) =>
  v.strictObject({ services: v.strictObject({ worker: v.strictObject(worker) }) });

const Plain = Compose({
  image: v.string(),
  command: v.array(v.string()),
  restart: v.picklist(["no", "always", "on-failure", "unless-stopped"]),
  environment: v.record(v.string(), v.string()),
  volumes: v.array(v.pipe(v.string(), v.regex(/^[/~][^:]*:\/[^:]*(?::ro)?$/))),
  ulimits: v.record(v.string(), v.number()),
  stop_grace_period: v.pipe(v.string(), v.regex(/^\d+s$/)),
  logging: v.strictObject({ driver: v.string(), options: v.record(v.string(), v.string()) }),
});

const Hardened = Compose({
  user: v.pipe(v.string(), v.regex(/^[1-9]\d*:[1-9]\d*$/)),
  group_add: v.array(v.string()),
  read_only: v.boolean(),
  cap_drop: v.array(v.string()),
  security_opt: v.array(v.string()),
});

const read = (name: string) => readFile(join(import.meta.dir, "../../scripts/deploy", name), "utf8");

/** The variables that a file asks for (`:?`) or has a default for (`:-`), outside of its comments. */
function variablesOf(text: string): readonly string[] {
  const code = text.replaceAll(/^\s*#.*$/gm, "");
  return [...code.matchAll(/\$\{([A-Z_]+)(:[?-])/g)].map(([, name, kind]) => `${name}${kind}`).sort();
}

test("the compose file is one, adds nothing to the plain command, and lets the worker finish", async () => {
  const { worker } = v.parse(Plain, parse(await read("compose.yaml"))).services;
  expect(worker).toMatchObject({ volumes: ["/var/run/docker.sock:/var/run/docker.sock"], ulimits: { core: 0 } });
  expect(Number.parseInt(worker.stop_grace_period, 10)).toBeGreaterThan(15);
});

test("the hardened one takes everything away and gives the socket's group", async () => {
  const { worker } = v.parse(Hardened, parse(await read("compose.hardened.yaml"))).services;
  expect(worker).toMatchObject({
    read_only: true,
    cap_drop: ["ALL"],
    security_opt: ["no-new-privileges:true"],
  });
});

test("whatever must be set is asked for, and no secret stands in the files", async () => {
  const plain = await read("compose.yaml");
  expect(variablesOf(plain)).toEqual(["OZ_ON_STOP:-", "OZ_WORKER_ID:?", "OZ_WORKER_IMAGE:-", "WARP_API_KEY:?"]);
  expect(variablesOf(await read("compose.hardened.yaml"))).toEqual(["DOCKER_GID:?"]);
  // The place at which the image looks for logins: the folder, since a mounted file is never seen to change.
  expect(plain).toMatch(new RegExp(`^ +# - /[^:]+:${IMAGE_HOME}/\\.docker:ro$`, "m"));
});
