import { isLoopback } from "../support/loopback.ts";
import type { WorkerConfig } from "./worker-config.ts";

const ADDRESSES = [
  { flag: "--web-socket-url", key: "webSocketUrl", what: "the API key and every task" },
  { flag: "--server-root-url", key: "serverRootUrl", what: "the keys of the tasks" },
  { flag: "--session-sharing-server-url", key: "sessionSharingServerUrl", what: "what is shared of a session" },
] as const;

/** What is allowed and should not go unsaid: secrets that travel in clear, and a variable that asks for blind trust. */
export function cautions(
  config: Pick<WorkerConfig, (typeof ADDRESSES)[number]["key"]>,
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const lines = ADDRESSES.flatMap(({ flag, key, what }) => {
    const address = config[key];
    const url = address === undefined ? null : URL.parse(address);
    if (url === null || !["ws:", "http:"].includes(url.protocol) || isLoopback(url.hostname)) return [];
    return [`${flag}: ${what} can be read on the way to ${url.host}; use ${secure(url)}`];
  });
  const asked = env.NODE_TLS_REJECT_UNAUTHORIZED ?? "";
  if (asked !== "" && asked !== "1") {
    lines.push(
      "NODE_TLS_REJECT_UNAUTHORIZED is set and changes nothing: every certificate is verified; " +
        "where the authority is your own, name its file in SSL_CERT_FILE",
    );
  }
  return lines;
}

function secure(url: URL): string {
  return url.protocol === "ws:" ? "wss://" : "https://";
}
