import { BlockList, isIP } from "node:net";

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

/** Whether a host (a name or an address, IPv6 with brackets or without) is this machine itself, by its spelling alone. */
export function isLoopback(host: string): boolean {
  const bare = host.toLowerCase().replace(/^\[|\]$/g, "");
  const family = isIP(bare);
  if (family !== 0) return LOOPBACK.check(bare, family === 4 ? "ipv4" : "ipv6");
  // RFC 6761, section 6.3: this name and what is below it never leave the machine.
  return /(?:^|\.)localhost\.?$/.test(bare);
}
