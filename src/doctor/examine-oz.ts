import { askPlainly, type PlainAnswer } from "../control-plane/ask-plainly.ts";
import { readNetwork } from "../control-plane/network-options.ts";
import { ozAddress } from "../control-plane/oz-address.ts";
import { tryDial } from "../control-plane/try-dial.ts";
import type { Clock } from "../support/clock.ts";
import { USER_AGENT } from "../support/user-agent.ts";
import { judgeClock } from "./check-clock.ts";
import { checkDns } from "./check-dns.ts";
import { judgeOz } from "./check-oz.ts";
import { checkProxy } from "./check-proxy.ts";
import { judgeTls } from "./check-tls.ts";
import type { Finding } from "./finding.ts";
import { CHECK_LIMIT_MS, limited } from "./limited.ts";
import { blameFirst } from "./oz-chain.ts";
import type { Settings } from "./settings.ts";

export interface OzExamination {
  readonly settings: Settings;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}

/** Of a dial: the rest of its time is for the reason of a failure. */
const HANDSHAKE_LIMIT_MS = CHECK_LIMIT_MS - 1_500;
const PROXY_VARIABLES = ["HTTPS_PROXY", "HTTP_PROXY"];

/** Looks at the way to Oz, all of it at once. */
export async function examineOz({ settings, env, clock }: OzExamination): Promise<readonly Finding[]> {
  const { webSocketUrl, apiKey, workerId } = settings;
  const target = new URL(webSocketUrl);
  const address = ozAddress(webSocketUrl, workerId ?? "");
  const { dialOptions: options, proxy: choice, trustProblems } = readNetwork(target, env);
  const isAnySet = PROXY_VARIABLES.some((name) => [name, name.toLowerCase()].some((one) => (env[one] ?? "") !== ""));
  const from = (check: string, waitsFor: string) => ({ clock, check, waitsFor });

  const askedAt = clock.epoch();
  let answeredAt = askedAt;
  let plain: PlainAnswer | undefined;
  const asked = limited(from("tls", target.host), async (signal) => {
    const answer = await askPlainly(address.httpUrl, options, signal);
    answeredAt = clock.epoch();
    plain = answer;
    return judgeTls(target, answer, trustProblems);
  });

  const [dns, proxy, tls, oz] = await Promise.all([
    limited(from("dns", "the name server"), () => checkDns(target.hostname, choice.kind === "proxy")),
    limited(from("proxy", "the proxy"), () => checkProxy({ target, choice, isAnySet, tls: options.tls, clock })),
    asked,
    limited(from("oz", target.host), async (signal) => {
      if (apiKey === undefined || workerId === undefined) return judgeOz(address.shown, undefined);
      const trial = { url: webSocketUrl, workerId, apiKey, userAgent: USER_AGENT, options, clock, signal };
      return judgeOz(address.shown, await tryDial({ ...trial, handshakeLimitMs: HANDSHAKE_LIMIT_MS }));
    }),
  ]);
  const date = plain?.kind === "answer" ? plain.date : undefined;
  const clockFound = judgeClock(date === undefined ? undefined : { date, askedAt, answeredAt });
  return blameFirst([...dns, ...proxy, ...tls, ...oz, clockFound]);
}
