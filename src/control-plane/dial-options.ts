/** How a connection reaches its server, beside the address. */
export interface DialOptions {
  /** Certificate authorities, PEM; they take the place of the built-in ones, which count without them. */
  readonly tls?: { readonly ca: readonly string[] };
  /** URL of an HTTP proxy, user and password included. */
  readonly proxy?: string;
}

/** What WebSocket and `fetch` take alike. */
export interface VerifiedConnection {
  readonly tls: { readonly rejectUnauthorized: true; readonly ca?: string[] };
  readonly proxy?: string;
}

/**
 * The same for Bun's clients. Authority and host name are verified because it is asked for here, of the server and of an
 * https:// proxy: left unsaid, NODE_TLS_REJECT_UNAUTHORIZED decides.
 */
export function verified({ tls, proxy }: DialOptions): VerifiedConnection {
  return {
    tls: { rejectUnauthorized: true, ...(tls === undefined ? {} : { ca: [...tls.ca] }) },
    ...(proxy === undefined ? {} : { proxy }),
  };
}

/** `fetch`, on the way of the link: by its proxy and verified against its authorities. */
export function fetchVerified(url: string, init: RequestInit, options: DialOptions): Promise<Response> {
  // Left unsaid, BUN_CONFIG_VERBOSE_FETCH decides whether the headers, and with them the key, are printed.
  return fetch(url, { ...init, ...verified(options), verbose: false });
}
