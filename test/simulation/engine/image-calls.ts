import type { EngineState } from "./engine-state.ts";
import { filtersOf, hasLabels, json, refusal, type SimBody, type SimCall, type SimRoute } from "./sim-calls.ts";
import type { RegistryEntry, SimImage } from "./sim-objects.ts";

/** How long the registry takes to say what a name stands for. */
const MANIFEST_MS = [5, 40] as const;
const PROGRESS_EVERY_MS = 5_000;

/** The calls about images (Docker Engine API, "Image"), and the registry behind them. */
export function imageRoutes(state: EngineState): readonly SimRoute[] {
  function pull(call: SimCall): void {
    const { query } = call.request;
    const name = String(query?.fromImage ?? "");
    const tag = String(query?.tag ?? "latest");
    const entry = state.registry.get(`${name}:${tag}`);
    let isGone = false;
    call.onGone(() => {
      isGone = true;
    });
    // Nobody answers, until the caller gives up.
    if (entry?.mood === "silent") return;
    state.later(state.random.between(...MANIFEST_MS), () => {
      if (entry === undefined || entry.mood === "missing") {
        call.answer(refusal(404, `manifest for ${name}:${tag} not found: manifest unknown: manifest unknown`));
      } else if (entry.mood === "denied") {
        call.answer(
          refusal(404, `pull access denied for ${name}, repository does not exist or may require 'docker login'`),
        );
      } else {
        transfer(call.stream(), name, tag, entry, () => isGone);
      }
    });
  }

  function transfer(body: SimBody, name: string, tag: string, entry: RegistryEntry, isGone: () => boolean): void {
    const say = (line: object) => body.push(`${JSON.stringify(line)}\r\n`);
    const reference = `${name}:${tag}`;
    const isHere = state.image(reference)?.id === entry.imageId;
    const digest = digestOf(entry.imageId);
    say({ status: `Pulling from ${name}`, id: tag });
    const finish = () => {
      if (entry.mood === "breaks") {
        say({ errorDetail: { message: "unexpected EOF" }, error: "unexpected EOF" });
      } else {
        if (!isHere) tagImage(state, entry.imageId, reference);
        say({ status: `Digest: ${digest}` });
        say({ status: `Status: ${isHere ? "Image is up to date" : "Downloaded newer image"} for ${reference}` });
      }
      body.end();
    };
    const go = (leftMs: number) => {
      const stepMs = Math.min(leftMs, PROGRESS_EVERY_MS);
      state.later(stepMs, () => {
        if (isGone()) return;
        if (stepMs === leftMs) return finish();
        say({ status: "Downloading", id: "layer" });
        go(leftMs - stepMs);
      });
    };
    go(isHere ? 0 : entry.transferMs);
  }

  /** By a tag: the image goes with its last one. */
  function remove(call: SimCall, name = ""): void {
    const image = state.image(name);
    if (image === undefined) {
      call.answer(refusal(404, `No such image: ${name}`));
      return;
    }
    const isUsed = [...state.containers.values()].some(({ imageId }) => imageId === image.id);
    if (isUsed && image.tags.size <= 1) {
      call.answer(refusal(409, `conflict: unable to remove repository reference "${name}" (must force)`));
      return;
    }
    image.tags.delete(name);
    if (image.tags.size === 0) state.images.delete(image.id);
    call.answer(json([{ Untagged: name }]));
  }

  return [
    ["POST", /^\/images\/create$/, pull],
    [
      "GET",
      /^\/images\/json$/,
      (call) => {
        const { label, reference } = filtersOf(call.request);
        const isNamed = ({ tags }: SimImage) =>
          reference === undefined || [...tags].some((tag) => isOf(tag, reference));
        const found = [...state.images.values()].filter((image) => hasLabels(image.labels, label) && isNamed(image));
        call.answer(json(found.map(({ id, tags, labels }) => ({ Id: id, RepoTags: [...tags], Labels: labels }))));
      },
    ],
    [
      "GET",
      /^\/images\/(.+)\/json$/,
      (call, name = "") => {
        const image = state.image(name);
        call.answer(image === undefined ? refusal(404, `No such image: ${name}`) : json(shown(image)));
      },
    ],
    ["DELETE", /^\/images\/(.+)$/, remove],
  ];
}

/** Whether a tag is of one of these, as `repository:*`. */
function isOf(tag: string, references: readonly string[]): boolean {
  return references.some((one) => one.endsWith("*") && tag.startsWith(one.slice(0, -1)));
}

/** Gives an image a name, taking it from the one that had it. */
export function tagImage(state: EngineState, imageId: string, reference: string): void {
  for (const { tags } of state.images.values()) tags.delete(reference);
  const image = state.images.get(imageId) ?? { id: imageId, digest: digestOf(imageId), tags: new Set(), labels: {} };
  image.tags.add(reference);
  state.images.set(imageId, image);
}

/** Another figure than the image's, as that of a manifest is. */
function digestOf(imageId: string): string {
  const figure = imageId.slice("sha256:".length);
  return `sha256:${figure.slice(32)}${figure.slice(0, 32)}`;
}

function shown({ id, digest, tags, labels }: SimImage) {
  const names = [...tags].map((tag) => tag.slice(0, tag.lastIndexOf(":")));
  return {
    Id: id,
    Os: "linux",
    Architecture: "amd64",
    RepoTags: [...tags],
    RepoDigests: digest === undefined ? [] : names.map((name) => `${name}@${digest}`),
    Config: { Labels: labels, Volumes: null },
  };
}
