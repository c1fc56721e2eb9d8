/** What is used of a line of a pull's progress. */
export interface ProgressLine {
  readonly status?: string | undefined;
  /** The short digest of a layer; other lines have none, or the image's tag. */
  readonly id?: string | undefined;
  readonly progressDetail?:
    | {
        readonly current?: number | undefined;
        readonly total?: number | undefined;
        readonly units?: string | undefined;
      }
    | undefined;
}

/** How far the layers of an image are. */
export interface LayerProgress {
  /** Takes a line; answers whether it tells of anything new: engines repeat what they said, also where nothing moves. */
  take(line: ProgressLine): boolean;
  /** Whether what comes next has to come from the registry. If not, the daemon works on what has come. */
  isRegistrysTurn(): boolean;
  /** `2 of 7 layers downloaded, 12.3 MB`. */
  describe(): string;
}

interface Layer {
  readonly state: "coming" | "loaded" | "busy" | "kept" | "done";
  readonly bytes: number;
  readonly total: number;
}

/** What the engines from 20.10 on say of a layer, with both of their image stores, and podman. */
const STATES: readonly (readonly [state: Layer["state"], words: RegExp])[] = [
  ["coming", /^(Pulling fs layer|Pulling layer fs|Waiting|Downloading)$/],
  ["loaded", /^Download complete$/],
  ["busy", /^(Verifying Checksum|Extracting)$/],
  ["kept", /^Already exists$/],
  ["done", /^Pull complete$/],
];
/** More than an image has layers. */
const MAX_SEEN = 1_000;

export function createLayerProgress(): LayerProgress {
  const layers = new Map<string, Layer>();
  /** The last words about each layer, and about the pull as a whole. */
  const seen = new Map<string, string>();

  function isRegistrysTurn(): boolean {
    const states = new Set([...layers.values()].map(({ state }) => state));
    if (states.has("busy")) return false;
    if (states.has("coming")) return true;
    // What was kept may have to be unpacked all the same. Once all is done, the image's configuration is still to come.
    return !states.has("loaded") && (!states.has("kept") || states.has("done"));
  }

  return {
    take({ status = "", id = "", progressDetail = {} }) {
      // It tells of no progress, and comes every second.
      if (status.startsWith("Retrying in") || (!seen.has(id) && seen.size >= MAX_SEEN)) return false;
      // Seconds pass by themselves.
      const { current = 0, total = 0 } = progressDetail.units === "s" ? {} : progressDetail;
      const words = `${status} ${current}`;
      const isNews = seen.get(id) !== words;
      seen.set(id, words);
      const state = STATES.find(([, pattern]) => pattern.test(status))?.[0];
      if (state === undefined) return isNews;
      const before = layers.get(id);
      if (state === "coming") layers.set(id, { state, bytes: current, total: Math.max(total, before?.total ?? 0) });
      else layers.set(id, { state, bytes: before?.total ?? 0, total: before?.total ?? 0 });
      return isNews;
    },
    isRegistrysTurn,
    describe() {
      if (layers.size === 0) return "the registry has answered, and no layer has come yet";
      const all = [...layers.values()];
      const count = all.filter(({ state }) => state !== "coming").length;
      const megabytes = all.reduce((sum, { bytes }) => sum + bytes, 0) / 1_000_000;
      const rest = isRegistrysTurn() ? "" : ", and the daemon unpacks them";
      return `${count} of ${all.length} layers downloaded, ${megabytes.toFixed(1)} MB${rest}`;
    },
  };
}
