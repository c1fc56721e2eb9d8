/** A task's container, as it stands on the Docker daemon: with or without a worker that runs. */
export interface TaskOnDaemon {
  readonly workerId: string;
  readonly taskId: string;
  /** Empty where its assignment had none. */
  readonly executionId: string;
  readonly title?: string;
  readonly image: string;
  readonly containerId: string;
  readonly container: string;
  /** Docker's word: `created`, `running`, `exited`, … */
  readonly state: string;
  /** Milliseconds since its creation. */
  readonly ageMs: number;
  readonly exitCode?: number;
}

/** What a container uses at the moment. */
export interface TaskUsage {
  /** Hundredths of one CPU. */
  readonly cpuPercent: number;
  /** Bytes, without what the kernel keeps of files and may drop. */
  readonly memory: number;
  /** Bytes; absent without a limit. */
  readonly memoryLimit?: number;
  readonly processes?: number;
}

/** All that is told of one container; no values of variables, no arguments. */
export interface TaskDetails extends TaskOnDaemon {
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly outOfMemory: boolean;
  /** Milliseconds since its last line of output. */
  readonly lastOutputMs?: number;
  readonly limits: { readonly cpus?: number; readonly memory?: number; readonly pids?: number };
  /** `SOURCE at TARGET (ro|rw)`. */
  readonly mounts: readonly string[];
  /** Names alone. */
  readonly variables: readonly string[];
  /** The commands of its processes, by their program's name alone. */
  readonly processes: readonly string[];
}

export interface LogOptions {
  readonly follow: boolean;
  /** Lines from the end; absent: all. */
  readonly tail?: number;
  readonly signal: AbortSignal;
  /** Gets the output, demultiplexed and without secrets. */
  readonly write: (text: string) => void;
}

/** Looks at tasks on a Docker daemon, and changes nothing. All reject with a plain `Error` where the daemon does not answer. */
export interface TaskView {
  tasks(): Promise<readonly TaskOnDaemon[]>;
  /** Of those that run, by container id. */
  usage(ids: readonly string[]): Promise<ReadonlyMap<string, TaskUsage>>;
  details(task: TaskOnDaemon): Promise<TaskDetails>;
  logs(task: TaskOnDaemon, options: LogOptions): Promise<void>;
  close(): Promise<void>;
}

/** A daemon to look at, or the one line that says why there is none. */
export type TaskViewOpening =
  | { readonly kind: "open"; readonly view: TaskView }
  | { readonly kind: "failed"; readonly problem: string };
