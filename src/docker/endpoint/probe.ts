import * as v from "valibot";
import type { Clock } from "../../support/clock.ts";
import { chooseApiVersion } from "./api-version.ts";
import type { DockerEndpoint } from "./docker-endpoint.ts";
import { type EngineAddress, type EngineAnswer, getFromEngine } from "./engine-get.ts";
import { explainFailure } from "./explain-failure.ts";
import type { Environment } from "./find-endpoint.ts";
import { unusable } from "./open-endpoint.ts";
import { readJson } from "./read-json.ts";

export interface EnginePlatform {
  readonly os: "linux";
  readonly architecture: "amd64" | "arm64";
}

/** What is known of a daemon that can be used, or one line on why it cannot. */
export type ProbeResult =
  | {
      readonly kind: "usable";
      readonly platform: EnginePlatform;
      /** The version to speak, as `1.41`. */
      readonly apiVersion: string;
      /** The daemon's own version, as `20.10.24`. */
      readonly engineVersion: string;
    }
  /** `hasAnswered`: it has told what it is, and that will not do. */
  | { readonly kind: "failed"; readonly problem: string; readonly hasAnswered: boolean };

export interface ProbeRequest {
  readonly address: EngineAddress;
  /** The endpoint as the operator knows it, for messages. */
  readonly endpoint: DockerEndpoint;
  /** Where it came from, as `findEndpoint` says it. */
  readonly source: string;
  readonly env: Environment;
  readonly clock: Clock;
  /** Limit of each of the two requests, in milliseconds. */
  readonly timeoutMs?: number;
}

/** Contract of the worker: at start the daemon is pinged with this limit. */
const PING_TIMEOUT_MS = 5000;

/** Pings the daemon, asks for its version, and decides whether this worker can use it. Never rejects. */
export async function probeEngine(request: ProbeRequest): Promise<ProbeResult> {
  const ping = await ask(request, "/_ping");
  return ping.kind === "failed" ? ping : await examineEngine(request);
}

/** Asks a daemon that answers for its version, and decides whether this worker can use it. Never rejects. */
export async function examineEngine(request: ProbeRequest): Promise<ProbeResult> {
  const version = await ask(request, "/version");
  return version.kind === "failed" ? version : judge(request, version.body);
}

/** A good answer, or why there is none. */
async function ask(
  request: ProbeRequest,
  path: string,
): Promise<GoodAnswer | Extract<ProbeResult, { kind: "failed" }>> {
  const { address, clock, timeoutMs = PING_TIMEOUT_MS } = request;
  const answer = await getFromEngine(address, path, { clock, timeoutMs });
  return isGood(answer) ? answer : failed(request, explainFailure(answer, address, timeoutMs), false);
}

type GoodAnswer = Extract<EngineAnswer, { kind: "answer" }>;

function isGood(answer: EngineAnswer): answer is GoodAnswer {
  return answer.kind === "answer" && answer.status === 200;
}

const word = v.pipe(v.string(), v.regex(/^[\x20-\x7e]{1,100}$/));

/** The part of the answer to `/version` that is used: https://docs.docker.com/reference/api/engine/, SystemVersion. */
const EngineVersion = v.object({
  ApiVersion: word,
  MinAPIVersion: v.optional(word),
  Version: v.optional(word, "unknown"),
  Os: word,
  Arch: word,
});
type EngineVersion = v.InferOutput<typeof EngineVersion>;

function judge(request: ProbeRequest, body: string): ProbeResult {
  const version = readJson(EngineVersion, body);
  if (version === undefined) {
    return failed(request, "its answer to /version is not a Docker daemon's; check the address");
  }
  const platform = platformOf(version);
  if (typeof platform === "string") {
    return failed(request, platform);
  }
  const choice = chooseApiVersion(request.env.DOCKER_API_VERSION, {
    api: version.ApiVersion,
    minApi: version.MinAPIVersion ?? version.ApiVersion,
  });
  if (choice.kind === "failed") {
    return failed(request, choice.problem);
  }
  return { kind: "usable", platform, apiVersion: choice.version, engineVersion: version.Version };
}

function platformOf(version: EngineVersion): EnginePlatform | string {
  if (version.Os === "windows") {
    return "it runs Windows containers; tasks need Linux ones, switch it to Linux containers";
  }
  const architecture = { amd64: "amd64", x86_64: "amd64", arm64: "arm64", aarch64: "arm64" } as const;
  const known = Object.entries(architecture).find(([name]) => name === version.Arch)?.[1];
  if (version.Os !== "linux" || known === undefined) {
    return `its platform is ${version.Os}/${version.Arch}; tasks need linux/amd64 or linux/arm64, use such a daemon`;
  }
  return { os: "linux", architecture: known };
}

function failed(request: ProbeRequest, why: string, hasAnswered = true): Extract<ProbeResult, { kind: "failed" }> {
  return { kind: "failed", problem: unusable(request.endpoint, request.source, why), hasAnswered };
}
