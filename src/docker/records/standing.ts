import { decodeOwner } from "../../host/owner.ts";
import type { ContainerDetails, ContainerSummary, VolumeDetails } from "../engine/engine-schemas.ts";
import { LABEL_PREFIX, LABELS, type LabelMap, labelledAttempt, labelledExecution } from "./labels.ts";
import {
  isKeptName,
  keptName,
  recordNames,
  sidecarNames,
  spareTaskContainerName,
  taskContainerName,
} from "./object-names.ts";
import type { SealState, Seals } from "./seals.ts";

/**
 * What an object is to this worker. Labels say what to look for and prove nothing: images, compose files and people set them.
 * - `ours`: it has the name that its labels compute to, and this key's seal for that name and these labels
 * - `forged`: that name, and a seal of this key which was made for something else
 * - `foreign`: that name, and no seal of this key: made with another API key, by a version without seals, or by anybody
 * - `other`: its name is not what its labels say
 */
export type Standing = "ours" | "forged" | "foreign" | "other";

/** A container with its name and its labels, from a list or by itself. */
export interface NamedContainer {
  readonly name: string;
  readonly labels: LabelMap;
}

export function listedContainer({ Names, Labels }: ContainerSummary): NamedContainer {
  // A link to it from another container is a name with two slashes.
  const own = Names.find((name) => name.lastIndexOf("/") === 0) ?? "";
  return { name: own.slice(1), labels: Labels };
}

export function inspectedContainer({ Name, Config }: ContainerDetails): NamedContainer {
  return { name: Name.replace(/^\//, ""), labels: Config.Labels };
}

export function containerStanding(seals: Seals, { name, labels }: NamedContainer): Standing {
  switch (labels[LABELS.kind]) {
    case "task": {
      const base = labelledTaskName(labels);
      const attempt = labelledAttempt(labels) ?? "";
      if (base === undefined || attempt === "") return "other";
      const spare = spareTaskContainerName(seals, base, attempt);
      const names = [base, spare, keptName(base, attempt), keptName(spare, attempt)];
      return standing(names.includes(name), seals.stateOf(base, labels));
    }
    case "sidecar": {
      const [imageId, volume] = [labels[LABELS.imageId] ?? "", labels[LABELS.volume] ?? ""];
      if (!isImageId(imageId) || !VOLUME_NAMES.sidecar.test(volume)) return "other";
      const published = sidecarNames.published(seals, imageId);
      const isNamed = name === published || name === sidecarNames.filler(seals, volume);
      return standing(isNamed, seals.stateOf(published, labels));
    }
    case "sidecar-source":
      return standing(HELPER_NAME.test(name), seals.stateOf(name, labels));
    default:
      return "other";
  }
}

export function volumeStanding(seals: Seals, { Name, Labels }: VolumeDetails): Standing {
  return standing(isNamedByLabels(Name, Labels), seals.stateOf(Name, Labels));
}

/** The same for an image that serves a copy, by one of its tags. */
export function imageStanding(seals: Seals, tag: string, labels: LabelMap): Standing {
  return standing(IMAGE_TAG.test(tag) && labels[LABELS.kind] === "sidecar-source", seals.stateOf(tag, labels));
}

/** Whether a volume without labels has a name of this worker's, and no other. */
export function isRecordName(name: string): boolean {
  return Object.values(VOLUME_NAMES).some((pattern) => pattern.test(name));
}

/** Whether a text is the id of an image, as the daemon gives it. */
export function isImageId(text: string): boolean {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}

/** Whether a text is the name of a volume with a sidecar's content. */
export function isContentName(text: string): boolean {
  return VOLUME_NAMES.sidecar.test(text) || VOLUME_NAMES.private.test(text);
}

/** Number of a takeover, by its volume's name; `undefined` for what is none. */
export function generationOf(name: string): number | undefined {
  const generation = VOLUME_NAMES.heir.exec(name)?.[2];
  return generation === undefined ? undefined : Number(generation);
}

/** Which lease a volume of that name renews, and for which time; `undefined` for what is none. */
export function leaseOf(name: string): { readonly token: string; readonly number: number } | undefined {
  const [, token, number] = VOLUME_NAMES.lease.exec(name) ?? [];
  return token === undefined ? undefined : { token, number: Number(number) };
}

/** Whether a task container is one that stays for people to look at. */
export function isKept({ name }: NamedContainer): boolean {
  return isKeptName(name);
}

const named = (pattern: string) => new RegExp(`^${LABEL_PREFIX.replaceAll(".", "\\.")}${pattern}$`);
const TOKEN = "[0-9a-f]{16}";
/** The first part in parentheses is the attempt. Those of an earlier version end without a tag. */
const VOLUME_NAMES = {
  claim: named("claim\\.[0-9a-f]{32}"),
  verdict: named(`verdict\\.(${TOKEN})(?:\\.${TOKEN})?`),
  heir: named(`heir\\.(${TOKEN})\\.(\\d{1,6})(?:\\.${TOKEN})?`),
  done: named(`done\\.(${TOKEN})`),
  lease: named(`lease\\.(${TOKEN})\\.(\\d{1,10})`),
  private: named(`private\\.(${TOKEN})\\.\\d{1,4}\\.${TOKEN}`),
  sidecar: named(`sidecar\\.${TOKEN}`),
} as const;
const HELPER_NAME = named(`sidecar-(?:filler|copier|source)\\.${TOKEN}`);
const IMAGE_TAG = named(`sidecar-source:${TOKEN}`);

function isNamedByLabels(name: string, labels: LabelMap): boolean {
  const kind = labels[LABELS.kind];
  switch (kind) {
    case "claim": {
      const labelled = labelledExecution(labels);
      return labelled !== undefined && name === recordNames.claim(labelled.workerId, labelled.execution);
    }
    case "verdict":
    case "heir":
    case "done":
    case "private": {
      const attempt = VOLUME_NAMES[kind].exec(name)?.[1];
      return attempt !== undefined && attempt === labelledAttempt(labels);
    }
    case "lease":
      return leaseOf(name) !== undefined && leaseOf(name)?.token === decodeOwner(labels[LABELS.owner])?.lease;
    case "sidecar":
      return VOLUME_NAMES.sidecar.test(name);
    default:
      return false;
  }
}

/** The name that a task container's labels compute to. */
function labelledTaskName(labels: LabelMap): string | undefined {
  const labelled = labelledExecution(labels);
  return labelled && taskContainerName(labelled.workerId, labelled.execution);
}

function standing(isNamed: boolean, seal: SealState): Standing {
  if (!isNamed) return "other";
  if (seal === "sealed") return "ours";
  return seal === "broken" ? "forged" : "foreign";
}
