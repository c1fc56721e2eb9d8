/** What the worker's operator adds to every task. The worker's configuration has this shape. */
export interface TaskOptions {
  readonly serverRootUrl: string;
  readonly sessionSharingServerUrl?: string | undefined;
  /** A duration as the agent reads it, such as `10m`; absent where the agent's own default holds. */
  readonly idleOnComplete?: string | undefined;
  /** Takes the place of the assigned `sidecar_image`, where there is one. */
  readonly sidecarImage?: string | undefined;
  /** The image of a task that names none. */
  readonly defaultImage?: string | undefined;
  /** `HOST:CONTAINER[:MODE]`, as Docker's bind syntax has it. */
  readonly volumes: readonly string[];
  /** Names of variables whose values are no secrets. */
  readonly plainEnvironment?: readonly string[] | undefined;
  /** Wins over the assignment's variables. Values are secrets. */
  readonly environment: readonly { readonly name: string; readonly value: string }[];
}
