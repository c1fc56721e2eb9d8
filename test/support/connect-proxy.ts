import { connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { ServerCertificate } from "./certificates.ts";

/** An HTTP proxy on 127.0.0.1 that knows CONNECT, and asks for a user and a password where it is told to. */
export class ConnectProxy implements AsyncDisposable {
  /** The targets (`host:port`) that were asked for, refused ones included. */
  readonly asked: string[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  readonly #credentials: string | undefined;
  #port = 0;

  private constructor(credentials: string | undefined, certificate: ServerCertificate | undefined) {
    this.#credentials = credentials;
    const serve = (client: Socket) => this.#serve(client);
    this.#server = certificate === undefined ? createServer(serve) : createTlsServer({ ...certificate }, serve);
  }

  /** `credentials` is `user:password`; with a certificate it is an `https://` proxy. */
  static async start(credentials?: string, certificate?: ServerCertificate): Promise<ConnectProxy> {
    const proxy = new ConnectProxy(credentials, certificate);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    const address = proxy.#server.address();
    if (address !== null && typeof address === "object") proxy.#port = address.port;
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
  }

  #serve(client: Socket): void {
    this.#track(client);
    let head = "";
    const onData = (chunk: Buffer) => {
      head += chunk.toString("latin1");
      if (!head.includes("\r\n\r\n")) return;
      client.off("data", onData);
      this.#answer(client, head);
    };
    client.on("data", onData);
  }

  #answer(client: Socket, head: string): void {
    const target = /^CONNECT ([^ ]+) HTTP/.exec(head)?.[1];
    if (target === undefined) {
      client.end("HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    this.asked.push(target);
    const given = /^proxy-authorization: Basic (\S+)/im.exec(head)?.[1] ?? "";
    if (this.#credentials !== undefined && Buffer.from(given, "base64").toString() !== this.#credentials) {
      client.end("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    const url = new URL(`http://${target}`);
    const server = connect(Number(url.port), url.hostname, () => {
      client.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      client.pipe(server).pipe(client);
    });
    this.#track(server);
    server.on("close", () => client.destroy());
    client.on("close", () => server.destroy());
  }
}
