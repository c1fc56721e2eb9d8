/** What this worker understands beside the first version of the protocol (spec, section 4). */
const CAPABILITIES = "execution-scoped-cancellation-v1";

/** The headers of a dial. They hold the API key. */
export function linkHeaders(apiKey: string, userAgent: string): Readonly<Record<string, string>> {
  return {
    Authorization: `Bearer ${apiKey}`,
    "User-Agent": userAgent,
    "X-Warp-Worker-Capabilities": CAPABILITIES,
  };
}
