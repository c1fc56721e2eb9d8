/** The mount of one sidecar in a task container, in the form of the Engine API's `HostConfig.Mounts`. */
export type SidecarMount = Readonly<Record<string, unknown>>;

/** A sidecar that is ready to be mounted. */
export interface PreparedSidecar {
  readonly mount: SidecarMount;
  /** Equal exactly where the content, as it is mounted, is the same. */
  readonly source: string;
  /** Whether a container that is made with the mount may be started by another life of the daemon. */
  readonly outlivesEngine: boolean;
  /** Where the engine takes the mount only once in a container: something else with the same content, for a second one. */
  readonly ifRepeated?: (signal: AbortSignal) => Promise<PreparedSidecar>;
  /**
   * Asks, once a container holds the mount, whether that is the content that was prepared: the name might have been
   * cleared away in between, and the engine makes an empty volume of a name it does not know.
   */
  stillValid(): Promise<boolean>;
}

/** What a sidecar is wanted for. */
export interface SidecarUse {
  readonly imageId: string;
  /** The reference under which the image was pulled. */
  readonly image: string;
  readonly mountPath: string;
  readonly readWrite: boolean;
  /** A new name for a private copy, and its labels, should one be needed. */
  readonly privateVolume: () => string;
  readonly privateLabels: Readonly<Record<string, string>>;
}

/** One mechanism that brings an image's file system into a task container. Failures are `EngineError`s. */
export interface SidecarContent {
  /** Content for reading that is here already; `undefined` where there is none. Makes nothing. */
  existing(imageId: string, mountPath: string): Promise<PreparedSidecar | undefined>;
  prepare(use: SidecarUse, signal: AbortSignal): Promise<PreparedSidecar>;
}
