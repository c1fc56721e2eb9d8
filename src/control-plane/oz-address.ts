/** Where Oz is. */
export interface OzAddress {
  /** What is dialled, query included. */
  readonly url: string;
  /** The same place for a plain HTTP request. */
  readonly httpUrl: string;
  /** Host and path, for messages: a query may hold what nobody should see. */
  readonly shown: string;
  readonly host: string;
}

/**
 * Adds `worker_id` to the configured URL, whose other parameters stay. Throws a TypeError for what is no URL: the
 * configuration has been checked before.
 */
export function ozAddress(webSocketUrl: string, workerId: string): OzAddress {
  const url = new URL(webSocketUrl);
  url.searchParams.set("worker_id", workerId);
  url.hash = "";
  const http = new URL(url);
  http.protocol = url.protocol === "wss:" || url.protocol === "https:" ? "https:" : "http:";
  return {
    url: url.toString(),
    // A scheme that the URL standard calls special can only be exchanged for another one: ws and http both are.
    httpUrl: http.toString(),
    shown: `${url.host}${url.pathname}`,
    host: url.host,
  };
}
