import { connect, createServer, type Socket } from "node:net";

/** A port of 127.0.0.1 that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = await listen(() => {});
  server[Symbol.dispose]();
  return server.port;
}

export interface LocalServer extends Disposable {
  readonly port: number;
}

/** Listens on a port of its own and hands over each connection. */
export function listen(onConnection: (socket: Socket) => void, host = "127.0.0.1"): Promise<LocalServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    onConnection(socket);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, () => {
      const address = server.address();
      resolve({
        port: address !== null && typeof address === "object" ? address.port : 0,
        [Symbol.dispose]() {
          server.close();
          for (const socket of sockets) socket.destroy();
        },
      });
    });
  });
}

/** Plain tcp in front of a Unix socket. */
export function relayTo(socketPath: string, host?: string): Promise<LocalServer> {
  return listen((client) => {
    const server = connect(socketPath);
    server.on("error", () => client.destroy());
    client.on("close", () => server.destroy());
    server.on("close", () => client.destroy());
    client.pipe(server).pipe(client);
  }, host);
}

/** Answers every request of an HTTP client with the same bytes and closes. */
export function answerWith(bytes: string): Promise<LocalServer> {
  return listen((socket) => socket.once("data", () => socket.end(bytes)));
}

/** An HTTP/1.1 answer. */
export function httpAnswer(status: number, body: unknown): string {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return `HTTP/1.1 ${status} Status\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`;
}

/** Waits until something accepts connections on a port of 127.0.0.1. */
export async function untilListening(port: number, what: string): Promise<void> {
  const end = performance.now() + 5000;
  while (!(await accepts(port))) {
    if (performance.now() > end) throw new Error(`${what} does not listen on port ${port}`);
    await Bun.sleep(10);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
