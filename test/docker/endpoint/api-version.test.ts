import { describe, expect, test } from "bun:test";
import { chooseApiVersion } from "../../../src/docker/endpoint/api-version.ts";

const docker20 = { api: "1.41", minApi: "1.12" };
const docker28 = { api: "1.51", minApi: "1.24" };
const docker29 = { api: "1.60", minApi: "1.44" };

describe("the version to speak", () => {
  const table = [
    ["no pin: the daemon's", undefined, docker20, "1.41"],
    ["an empty pin is none", "", docker20, "1.41"],
    ["the newest of both", undefined, docker28, "1.51"],
    ["a newer daemon is spoken to in what is known", undefined, docker29, "1.51"],
    ["a pin", "1.45", docker28, "1.45"],
    ["a pin with v", "v1.45", docker28, "1.45"],
    ["a pin beyond what is known, if the daemon has it", "1.55", docker29, "1.55"],
    ["versions are numbers, not texts", undefined, { api: "1.100", minApi: "1.9" }, "1.51"],
  ] as const;
  test.each(table)("%s", (_, pin, daemon, version) => {
    expect(chooseApiVersion(pin, daemon)).toEqual({ kind: "version", version });
  });
});

describe("what cannot work is refused by number", () => {
  const table = [
    ["an old daemon", undefined, { api: "1.40", minApi: "1.12" }, "it speaks API 1.40 and this worker needs 1.41"],
    ["an old daemon with a pin", "1.40", { api: "1.9", minApi: "1.9" }, "it speaks API 1.9 and this worker needs 1.41"],
    ["a daemon of the future", undefined, { api: "1.90", minApi: "1.70" }, "it speaks no API older than 1.70"],
    ["a pin that is too old", "1.40", docker20, "DOCKER_API_VERSION is 1.40 and this worker needs 1.41"],
    ["a pin above the daemon", "1.42", docker20, "DOCKER_API_VERSION is 1.42 and the daemon speaks 1.12 to 1.41"],
    ["a pin below the daemon", "1.43", docker29, "DOCKER_API_VERSION is 1.43 and the daemon speaks 1.44 to 1.60"],
    ["a pin that is none", "newest", docker20, 'DOCKER_API_VERSION "newest" is not a version'],
    ["half a pin", "1", docker20, 'DOCKER_API_VERSION "1" is not a version'],
    ["a daemon without a number", undefined, { api: "?", minApi: "?" }, 'its API version "?" is not a version'],
  ] as const;
  test.each(table)("%s", (_, pin, daemon, reason) => {
    const choice = chooseApiVersion(pin, daemon);
    expect(choice.kind === "failed" ? choice.problem : choice).toContain(reason);
  });
});
