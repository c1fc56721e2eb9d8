import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { parse } from "yaml";
import { IMAGE_HOME } from "../../scripts/release/image-archive.ts";

/** What of https://github.com/compose-spec/compose-spec the file uses: an unknown or misspelt key is refused. */
const Compose = v.strictObject({
  services: v.strictObject({
    worker: v.strictObject({
      image: v.string(),
      command: v.array(v.string()),
      restart: v.picklist(["no", "always", "on-failure", "unless-stopped"]),
      environment: v.record(v.string(), v.string()),
      group_add: v.array(v.string()),
      volumes: v.array(v.pipe(v.string(), v.regex(/^[/~][^:]*:\/[^:]*(?::ro)?$/))),
      read_only: v.boolean(),
      cap_drop: v.array(v.string()),
      security_opt: v.array(v.string()),
      stop_grace_period: v.pipe(v.string(), v.regex(/^\d+s$/)),
      logging: v.strictObject({ driver: v.string(), options: v.record(v.string(), v.string()) }),
    }),
  }),
});

const FILE = join(import.meta.dir, "../../scripts/deploy/compose.yaml");

test("the compose file is one, keeps the worker small, and lets it finish", async () => {
  const { worker } = v.parse(Compose, parse(await readFile(FILE, "utf8"))).services;
  expect(worker).toMatchObject({
    read_only: true,
    cap_drop: ["ALL"],
    security_opt: ["no-new-privileges:true"],
    volumes: ["/var/run/docker.sock:/var/run/docker.sock"],
  });
  expect(Number.parseInt(worker.stop_grace_period, 10)).toBeGreaterThan(15);
});

test("whatever must be set is asked for, and no secret stands in the file", async () => {
  const text = await readFile(FILE, "utf8");
  const code = text.replaceAll(/^\s*#.*$/gm, "");
  const variables = [...code.matchAll(/\$\{([A-Z_]+)(:[?-])/g)].map(([, name, kind]) => `${name}${kind}`);
  expect(variables.sort()).toEqual(["DOCKER_GID:?", "OZ_WORKER_ID:?", "OZ_WORKER_IMAGE:-", "WARP_API_KEY:?"]);
  // The place at which the image looks for credentials.
  expect(text).toContain(`${IMAGE_HOME}/.docker/config.json`);
});
