import { LABELS } from "../../../src/docker/records/labels.ts";
import type { Clock } from "../../../src/support/clock.ts";
import type { Random } from "../../chaos/random.ts";
import type { RegistryEntry, SimContainer, SimImage, SimVolume, Work } from "./sim-objects.ts";

/** An event of `GET /events`. */
export interface SimEvent {
  readonly type: "container";
  readonly action: "start" | "die";
  readonly container: SimContainer;
}

/** Told of what the engine does, as it does it. */
export interface EngineObserver {
  /** `pid` is the process on whose call it happens; absent where it happens by itself. */
  created?(container: SimContainer, pid: number): void;
  started?(container: SimContainer, pid: number): void;
  ended?(container: SimContainer): void;
  /** A call is about to end, rename or remove a container. */
  touching?(container: SimContainer, what: "stop" | "kill" | "remove" | "rename", pid: number): void;
  volumeCreated?(volume: SimVolume, pid: number): void;
  volumeRemoving?(volume: SimVolume, pid: number): void;
}

export interface EngineSettings {
  readonly clock: Clock;
  readonly random: Random;
  /** What a task's container does, by task and execution id. */
  readonly workOf: (taskId: string, executionId: string) => Work;
  readonly observer?: EngineObserver;
}

/** What an engine keeps: it outlives workers, and lives of the engine. */
export class EngineState {
  readonly containers = new Map<string, SimContainer>();
  /** Ids by name; a name is taken before its container can be seen. */
  readonly names = new Map<string, string>();
  readonly volumes = new Map<string, SimVolume>();
  readonly images = new Map<string, SimImage>();
  /** By `registry/path:tag`. */
  readonly registry = new Map<string, RegistryEntry>();
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: EngineObserver;
  readonly settings: EngineSettings;
  /** Counts the lives of the engine. */
  life = 1;
  /** New volumes are refused: the disk is full. */
  isDiskFull = false;
  #ids = 0;

  constructor(settings: EngineSettings) {
    this.settings = settings;
    this.clock = settings.clock;
    this.random = settings.random;
    this.observer = settings.observer ?? {};
  }

  /** A fresh id, as long as the engine's. */
  newId(): string {
    this.#ids += 1;
    return this.#ids.toString(16).padStart(12, "0").padEnd(64, "0");
  }

  container(idOrName: string): SimContainer | undefined {
    return this.containers.get(idOrName) ?? this.containers.get(this.names.get(idOrName) ?? "");
  }

  image(idOrName: string): SimImage | undefined {
    const byId = this.images.get(idOrName);
    if (byId !== undefined) return byId;
    const name = idOrName.includes(":", idOrName.lastIndexOf("/") + 1) ? idOrName : `${idOrName}:latest`;
    for (const image of this.images.values()) if (image.tags.has(name)) return image;
    return undefined;
  }

  usersOf(volume: string): readonly SimContainer[] {
    return [...this.containers.values()].filter(({ mounts }) =>
      mounts.some(({ type, source }) => type === "volume" && source === volume),
    );
  }

  workOf({ labels }: SimContainer): Work {
    return this.settings.workOf(labels[LABELS.taskId] ?? "", labels[LABELS.executionId] ?? "");
  }

  /** Does something later in this life of the engine, and not in another one. */
  later(delayMs: number, action: () => void): void {
    const { life } = this;
    this.clock.after(delayMs, () => {
      if (this.life === life) action();
    });
  }

  addVolume(name: string, labels: Readonly<Record<string, string>>): SimVolume {
    const volume: SimVolume = {
      name,
      labels,
      createdAt: this.clock.epoch(),
      createdMs: this.clock.now(),
      content: { isWhole: true },
      hidesLabels: false,
    };
    this.volumes.set(name, volume);
    return volume;
  }
}
