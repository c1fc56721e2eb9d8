import type { Readable } from "node:stream";
import type { CopiesInto } from "./container-calls.ts";
import type { EngineState } from "./engine-state.ts";
import { bodyField, json, nothing, refusal, type SimCall, type SimRoute, textRecord } from "./sim-calls.ts";
import type { SimContainer, SimVolume } from "./sim-objects.ts";

const COMMIT_MS = [20, 200] as const;
/** Type of an entry in the first header of a tar archive (POSIX ustar). */
const TYPE_FLAG_AT = 156;
const LINK = "2".charCodeAt(0);
const BLOCK = 512;
/** What an export of the model begins with, in place of an archive. */
const EXPORT = "export of ";

export interface Copies {
  /** Milliseconds of a whole copy. */
  copyMs: number;
  /** Whether the engine copies into a volume when a container is created; one that does not answers all the same. */
  byEngine: boolean;
}

/** The calls that copy file systems, and what a create copies by itself. */
export function copyRoutes(
  state: EngineState,
  copies: Copies,
): { routes: readonly SimRoute[]; copiesInto: CopiesInto } {
  function volumeAt(container: SimContainer, path: string): SimVolume | undefined {
    const mount = container.mounts.find(({ target }) => path === target || path.startsWith(`${target}/`));
    return mount === undefined ? undefined : state.volumes.get(mount.source);
  }

  function fill(volume: SimVolume, imageId: string, mark: "link" | undefined, done: () => void): void {
    volume.content = { imageId, isWhole: false, ...(mark ? { mark } : {}) };
    state.later(copies.copyMs, () => {
      volume.content = { imageId, isWhole: true, ...(mark ? { mark } : {}) };
      done();
    });
  }

  async function put(call: SimCall, id = ""): Promise<void> {
    const container = state.container(id);
    const path = String(call.request.query?.path ?? "");
    const given = await contentOf(call.request.archive);
    if (container === undefined) {
      call.answer(refusal(404, `No such container: ${id}`));
      return;
    }
    const volume = volumeAt(container, path);
    const text = given.subarray(0, BLOCK).toString("latin1");
    if (text.startsWith(EXPORT)) {
      if (volume === undefined) {
        call.answer(refusal(404, `Could not find the file ${path} in container ${id}`));
        return;
      }
      fill(volume, text.slice(EXPORT.length), undefined, () => call.answer(nothing(200)));
      return;
    }
    const mark = given[TYPE_FLAG_AT] === LINK ? "link" : "file";
    if (volume !== undefined) volume.content = { ...volume.content, mark };
    else marked.add(container.id);
    call.answer(nothing(200));
  }
  /** Containers that hold the link at their root. */
  const marked = new Set<string>();

  function look(call: SimCall, id = ""): void {
    const container = state.container(id);
    const path = String(call.request.query?.path ?? "");
    const mark = container && volumeAt(container, path)?.content.mark;
    call.answer(mark === undefined ? refusal(404, `Could not find the file ${path} in container ${id}`) : nothing(200));
  }

  function exported(call: SimCall, id = ""): void {
    const container = state.container(id);
    if (container === undefined) {
      call.answer(refusal(404, `No such container: ${id}`));
      return;
    }
    const body = call.stream();
    body.push(`${EXPORT}${container.imageId}`);
    body.end();
  }

  function commit(call: SimCall): void {
    const { request } = call;
    const container = state.container(String(request.query?.container ?? ""));
    if (container === undefined) {
      call.answer(refusal(404, "No such container"));
      return;
    }
    state.later(state.random.between(...COMMIT_MS), () => {
      const id = `sha256:${state.newId()}`;
      const labels = textRecord(bodyField(request, "Labels"));
      const from = marked.has(container.id) ? { committedFrom: container.imageId } : {};
      const { repo, tag } = request.query ?? {};
      const tags = new Set(repo === undefined ? [] : [`${repo}:${tag}`]);
      state.images.set(id, { id, tags, labels, ...from });
      call.answer(json({ Id: id }, 201));
    });
  }

  return {
    routes: [
      ["PUT", /^\/containers\/([^/]+)\/archive$/, (call, id) => void put(call, id)],
      ["HEAD", /^\/containers\/([^/]+)\/archive$/, look],
      ["GET", /^\/containers\/([^/]+)\/export$/, exported],
      ["POST", /^\/commit$/, commit],
    ],
    copiesInto(container, done) {
      const from = state.images.get(container.imageId)?.committedFrom;
      const mount = container.mounts.find(({ type, noCopy }) => type === "volume" && !noCopy);
      const volume = mount && state.volumes.get(mount.source);
      if (from === undefined || volume === undefined || !copies.byEngine || volume.content.imageId !== undefined)
        done();
      else fill(volume, from, "link", done);
    },
  };
}

async function contentOf(archive: Readable | undefined): Promise<Buffer> {
  const parts: Buffer[] = [];
  try {
    for await (const part of archive ?? []) parts.push(Buffer.from(part));
  } catch {
    // An archive that breaks off has what came until then.
  }
  return Buffer.concat(parts);
}
