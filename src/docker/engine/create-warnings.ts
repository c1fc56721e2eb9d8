import type { Log } from "../../support/log.ts";
import { escapeUnprintable, shorten } from "../../support/printable.ts";

/** More kinds than engines have; what a plugin adds is not to fill the log. */
const MAX_KINDS = 20;
const MAX_SHOWN = 300;

/** Takes the warnings that came with the create of a task's container. */
export type CreateWarnings = (warnings: readonly string[], taskId: string) => void;

/**
 * Logs what an engine did otherwise than it was told, such as limits that its kernel does not have, with the first task that
 * it befell: one line a kind. Figures make no kind of their own.
 */
export function createWarningLog(log: Log): CreateWarnings {
  const kinds = new Set<string>();
  return (warnings, taskId) => {
    for (const warning of warnings) {
      if (kinds.size >= MAX_KINDS) return;
      const shown = escapeUnprintable(shorten(warning.trim(), MAX_SHOWN));
      const kind = shown.replace(/\d+/g, "0");
      if (shown === "" || kinds.has(kind)) continue;
      kinds.add(kind);
      log.warn("the Docker daemon made the container otherwise than it was told; said once of each kind", {
        task: taskId,
        said: shown,
      });
    }
  };
}
