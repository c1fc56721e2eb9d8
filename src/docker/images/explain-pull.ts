import type { ImageReference } from "../registry/image-reference.ts";
import type { FoundLogin } from "../registry/registry-auth.ts";
import { REGISTRY_SILENCE_MS } from "./ask-registry.ts";
import { type Platform, platformName } from "./local-image.ts";
import type { PullFailure } from "./pull-failure.ts";

/**
 * Why a pull has failed and what to do, in words of our own: they go to Oz, and who chooses an image must not read through
 * them what the daemon's machine can reach. The image's name is not among them. `login` is what was found for it, where
 * somebody looked.
 */
export function explainPull(
  { kind, isForeign, builtFor }: PullFailure,
  reference: ImageReference,
  platform: Platform,
  login: FoundLogin | undefined,
): string {
  switch (isForeign ? "unreachable" : kind) {
    case "not-found":
      return "its registry has no such image; check its name and tag";
    case "denied":
      return `its registry denies it; ${loginHint(reference, login)}`;
    case "limited":
      return `its registry limits how much may be pulled; ${limitHint(reference, login)}`;
    case "unreachable":
      return "its registry could not be reached, or what answers there is no registry; the worker's log has more";
    case "silent":
      return `its registry ${reference.registry} is silent: nothing came from it for ${REGISTRY_SILENCE_MS / 1000} s; the worker's log has more`;
    case "certificate":
      return "the Docker daemon does not trust the certificate of its registry; the worker's log has more";
    case "platform":
      return `it is ${builtFor === undefined ? "not built for that" : `built for ${builtFor}`}, and this daemon runs ${platformName(platform)}: publish it for that platform`;
    case "damaged":
      return "what came from its registry was damaged; the worker's log has more";
    case "removed":
      return "somebody removed it from the daemon right after the pull";
    case "disk-full":
      return "the disk of the Docker daemon is full; make room there";
    case "daemon":
      return "the Docker daemon failed at it; the worker's log has more";
  }
}

/** The command that gets a login for an image's registry, or renews it. */
export function loginCommand({ registry }: Pick<ImageReference, "registry">): string {
  return registry === "docker.io" ? "`docker login`" : `\`docker login ${registry}\``;
}

/** What an operator can do where a registry denies an image. */
function loginHint(reference: ImageReference, login: FoundLogin = {}): string {
  const command = loginCommand(reference);
  const { auth, source } = login;
  if (source?.kind === "helper" && source.hasFailed) {
    return `check the image's name, and the credential helper ${source.program}, which failed: the worker's log says how`;
  }
  const where = source === undefined ? "the login of the worker's user" : `the login that ${nameOf(login)} has`;
  if (auth !== undefined) return `check the image's name, and that ${where} may pull it: ${command} renews it`;
  const who = source === undefined ? "it has no login" : `${nameOf(login)} has no login`;
  return `check the image's name, or run ${command} as the worker's user: ${who} for that registry`;
}

function limitHint(reference: ImageReference, login: FoundLogin = {}): string {
  if (login.auth !== undefined) return "the login of the worker's user is limited too; try again later";
  return `try again later, or run ${loginCommand(reference)} as the worker's user: with a login there is mostly more`;
}

/** Where a login was found, or was looked for. */
export function nameOf({ source }: FoundLogin): string {
  if (source === undefined) return "the worker's user";
  return source.kind === "helper" ? `the credential helper ${source.program}` : source.name;
}
