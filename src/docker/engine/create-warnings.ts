import type { Log } from "../../support/log.ts";
import { createOnce } from "../../support/once.ts";
import { escapeUnprintable, shorten } from "../../support/printable.ts";

const MAX_SHOWN = 300;

/** Takes the warnings that came with the create of a task's container. */
export type CreateWarnings = (warnings: readonly string[], taskId: string) => void;

/**
 * Logs what an engine did otherwise than it was told, such as limits that its kernel does not have, with the first task that
 * it befell: one line a kind. Figures make no kind of their own.
 */
export function createWarningLog(log: Log): CreateWarnings {
  const once = createOnce();
  return (warnings, taskId) => {
    for (const warning of warnings) {
      const said = escapeUnprintable(shorten(warning.trim(), MAX_SHOWN));
      if (said === "") continue;
      once(said.replace(/\d+/g, "0"), () =>
        log.warn("the Docker daemon made the container otherwise than it was told; said once of each kind", {
          task: taskId,
          said,
        }),
      );
    }
  };
}
