import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { type Finding, fail, ok, warn } from "./finding.ts";

/** What a look-up has come to: the addresses, or the code of its failure. */
export type LookUp = { readonly addresses: readonly string[] } | { readonly code: string };

const SHOWN = 3;

/** Looks the host up as the worker's own dial does. */
export async function checkDns(host: string, isProxied: boolean): Promise<Finding> {
  return judgeDns(host, isProxied, isIP(bare(host)) === 0 ? await lookUp(bare(host)) : undefined);
}

/** `undefined`: the host is an address. By way of a proxy it is the proxy that looks Oz's name up. */
export function judgeDns(host: string, isProxied: boolean, found: LookUp | undefined): Finding {
  if (found === undefined) return ok("dns", `${host} is an address`);
  if ("addresses" in found) {
    const more = found.addresses.length - SHOWN;
    const shown = found.addresses.slice(0, SHOWN).join(", ");
    return ok("dns", `${host} is ${shown}${more > 0 ? ` and ${more} more` : ""}`);
  }
  const what = `${host} cannot be resolved: ${words(found.code)} (${found.code})`;
  if (isProxied) return warn("dns", `${what}; its proxy looks it up itself, so that this may be as it should be`);
  return fail("dns", what, "check the name servers in /etc/resolv.conf (in a container: --dns), and --web-socket-url");
}

function words(code: string): string {
  if (["ENOTFOUND", "EAI_NONAME", "EAI_NODATA", "ENODATA"].includes(code)) return "there is no such name";
  if (["EAI_AGAIN", "ETIMEOUT", "ESERVFAIL", "EREFUSED", "ECONNREFUSED"].includes(code))
    return "no name server answers";
  return "the look-up failed";
}

async function lookUp(host: string): Promise<LookUp> {
  try {
    return { addresses: (await lookup(host, { all: true })).map(({ address }) => address) };
  } catch (error) {
    return { code: error instanceof Error && "code" in error ? String(error.code) : "unknown error" };
  }
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, "");
}
