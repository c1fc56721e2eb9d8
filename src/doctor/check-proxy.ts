import type { DialOptions } from "../control-plane/dial-options.ts";
import { probeProxy } from "../control-plane/probe-proxy.ts";
import type { ProxyChoice } from "../control-plane/proxy.ts";
import type { Clock } from "../support/clock.ts";
import { type Finding, fail, fromReason, ok, warn } from "./finding.ts";
import { CHECK_LIMIT_MS } from "./limited.ts";

export interface ProxyCheck {
  readonly target: URL;
  readonly choice: ProxyChoice;
  /** Whether a variable names a proxy at all. */
  readonly isAnySet: boolean;
  readonly tls: DialOptions["tls"];
  readonly clock: Clock;
}

/** Says which proxy applies and has it connect to Oz. */
export async function checkProxy({ target, choice, isAnySet, tls, clock }: ProxyCheck): Promise<Finding> {
  switch (choice.kind) {
    case "unusable":
      return warn("proxy", `${choice.problem}: the worker goes on without it`, "correct that variable, or unset it");
    case "direct":
      return ok(
        "proxy",
        isAnySet ? `none for ${target.host}: the variables leave it out` : "none is set; Oz is dialled directly",
      );
    case "proxy": {
      const shown = new URL(choice.url).host;
      const limitMs = CHECK_LIMIT_MS - 500;
      const problem = await probeProxy({ target, proxy: choice.url, tls, limitMs, clock });
      if (problem === undefined) return ok("proxy", `${shown} connects to ${target.host}`);
      const found = fromReason("proxy", "fail", problem);
      return found.mend === undefined ? fail("proxy", found.said, "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY") : found;
    }
  }
}
