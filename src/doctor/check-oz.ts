import type { TrialDialEnd } from "../control-plane/try-dial.ts";
import { type Finding, fail, fromReason, ok, skip } from "./finding.ts";

/** Judges a dial; `undefined` where there was none, for want of a key or an id. */
export function judgeOz(shown: string, end: TrialDialEnd | undefined): Finding {
  if (end === undefined) return skip("oz", "not dialled: that takes an API key and a worker id");
  if (end.kind === "opened") {
    return ok("oz", `${shown} takes this key and worker id (${Math.round(end.tookMs)} ms); hung up at once`);
  }
  const found = fromReason("oz", "fail", end.reason);
  return found.mend === undefined
    ? fail("oz", found.said, "check the network, --web-socket-url and what is in between")
    : found;
}
