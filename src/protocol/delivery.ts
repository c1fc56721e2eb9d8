/** A message on its way to Oz: the worker's sight of what the link does with it. */
export interface Delivery {
  /** Resolves when Oz has provably read the message; pending for as long as that takes. */
  readonly delivered: Promise<void>;
  /** Sends the message again, after everything queued so far; answers `false` where it is delivered already. */
  repeat(): boolean;
  /** Sends it no more, where it is not delivered yet; `delivered` stays pending. */
  withdraw(): void;
}
