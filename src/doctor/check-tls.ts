import type { PlainAnswer } from "../control-plane/ask-plainly.ts";
import { type Finding, fromReason, ok, skip, warn } from "./finding.ts";

/** What a plain request to Oz tells of TLS; `problems` are those of the files with authorities of one's own. */
export function judgeTls(target: URL, answer: PlainAnswer, problems: readonly string[]): readonly Finding[] {
  const files = problems.map((problem) => warn("tls", problem, "correct that variable: the worker goes on without it"));
  return [judge(target, answer), ...files];
}

function judge(target: URL, answer: PlainAnswer): Finding {
  if (target.protocol !== "wss:" && target.protocol !== "https:") {
    return ok("tls", `not asked for: ${target.protocol}//${target.host}`);
  }
  if (answer.kind === "answer") return ok("tls", `the certificate of ${target.host} is trusted`);
  return answer.isTls ? fromReason("tls", "fail", answer.reason) : skip("tls", `${target.host} gave no answer`);
}
