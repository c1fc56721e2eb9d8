/** What a container does once it is started. */
export interface Work {
  readonly exitCode: number;
  /** Milliseconds from its start to its own end; infinite for one that goes on until it is stopped. */
  readonly afterMs: number;
  /** Code after SIGTERM, and how long that takes; absent for one that ignores the signal. */
  readonly onTerm?: { readonly exitCode: number; readonly afterMs: number };
  /** The kernel kills it for memory at its end; the engine hears of that a little later. */
  readonly oom?: boolean;
}

/** How a container came to its end. */
export type EndCause = "self" | "stop" | "kill" | "engine" | "removed";

/** One run of a container's process. */
export interface SimRun {
  readonly startedMs: number;
  end?: { readonly exitCode: number; readonly cause: EndCause; readonly oom: boolean };
}

/** A mount of a container, as far as somebody looks at it. */
export interface SimMount {
  readonly type: string;
  /** Name of a volume, or id of an image. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  readonly noCopy: boolean;
}

export interface SimContainer {
  readonly id: string;
  name: string;
  readonly imageId: string;
  readonly imageName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly env: readonly string[];
  readonly command: readonly string[];
  readonly mounts: readonly SimMount[];
  /** Bytes; 0 is no limit. */
  readonly memory: number;
  /** Milliseconds of the engine's calendar. */
  readonly createdAt: number;
  /** Which life of the engine has made it. */
  readonly life: number;
  status: "created" | "running" | "exited" | "removing";
  exitCode: number;
  oomKilled: boolean;
  startedAt: number | undefined;
  finishedAt: number | undefined;
  readonly runs: SimRun[];
}

/** What is in a volume. */
export interface VolumeContent {
  /** The image whose file system it is; absent where it is empty. */
  readonly imageId?: string;
  /** Whether all of it is there. */
  readonly isWhole: boolean;
  /** The entry that a copy by the engine leaves: a link that goes round in circles, or the file that covers it. */
  readonly mark?: "link" | "file";
}

export interface SimVolume {
  readonly name: string;
  labels: Readonly<Record<string, string>>;
  readonly createdAt: number;
  /** The same moment on the clock that nobody sets. */
  readonly createdMs: number;
  content: VolumeContent;
  /** Whether the next create of that name is answered without its labels. */
  hidesLabels: boolean;
}

export interface SimImage {
  readonly id: string;
  /** Digest of its manifest; absent where it was made here. */
  readonly digest?: string;
  /** `registry/path:tag`. */
  readonly tags: Set<string>;
  readonly labels: Readonly<Record<string, string>>;
  /** Of an image that was committed: whose file system it holds beside the mark. */
  readonly committedFrom?: string;
}

/** What a registry does with one name. */
export interface RegistryEntry {
  imageId: string;
  /** Milliseconds of a whole transfer. */
  transferMs: number;
  mood: "serves" | "missing" | "silent" | "breaks" | "denied";
}
