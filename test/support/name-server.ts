import { createSocket, type Socket } from "node:dgram";

const SERVFAIL = 2;
const ADDRESS_RECORD = 1;

/**
 * A name server that knows one address, 127.0.0.1, for every name, or fails. Source: RFC 1035, sections 4.1.1 to 4.1.4.
 */
export class NameServer implements Disposable {
  /** Answers SERVFAIL. */
  isFailing = false;
  /** How many questions have come. */
  asked = 0;
  readonly #socket: Socket;

  private constructor(readonly address: string) {
    this.#socket = createSocket("udp4");
    this.#socket.on("message", (question, { port, address: from }) => {
      this.asked += 1;
      this.#socket.send(this.#answer(question), port, from);
    });
  }

  /** On port 53 of an address of its own, which a resolver takes no other of. */
  static async start(): Promise<NameServer> {
    const [a = 1, b = 1] = crypto.getRandomValues(new Uint8Array(2));
    const server = new NameServer(`127.53.${a}.${1 + (b % 250)}`);
    await new Promise<void>((resolve, reject) => {
      server.#socket.once("error", reject);
      server.#socket.bind(53, server.address, resolve);
    });
    return server;
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  #answer(question: Buffer): Buffer {
    let end = 12;
    while ((question[end] ?? 0) !== 0) end += (question[end] ?? 0) + 1;
    const asked = question.subarray(12, end + 5);
    const has = !this.isFailing && question.readUInt16BE(end + 1) === ADDRESS_RECORD;
    const header = Buffer.alloc(12);
    question.copy(header, 0, 0, 2);
    // An answer, recursion desired and available.
    header.writeUInt16BE(0x8180 | (this.isFailing ? SERVFAIL : 0), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(has ? 1 : 0, 6);
    // A pointer to the name, A, IN, no time to live, four bytes.
    const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1]);
    return Buffer.concat([header, asked, ...(has ? [record] : [])]);
  }
}
