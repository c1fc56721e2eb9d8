import { until } from "./until.ts";

/** A unix datagram socket that keeps what it gets, as a service manager has one. */
export interface DatagramReceiver {
  /** What came, one text a datagram. */
  readonly received: readonly string[];
  /** Waits for a datagram that is, or holds, `text`. */
  waitFor(text: string, timeoutMs?: number): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

// Perl is part of every Debian; the runtime has no such sockets.
const RECEIVE = `
use Socket;
my $address = $ARGV[0];
$address =~ s/^@/\\0/;
socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
bind($socket, pack_sockaddr_un($address)) or die "bind: $!";
$| = 1;
print "listening\\x1e";
while (defined recv($socket, my $text, 65536, 0)) { print "$text\\x1e"; }
`;

/** Listens at a path, or at an abstract address that starts with `@`. */
export async function receiveDatagrams(address: string): Promise<DatagramReceiver> {
  const child = Bun.spawn(["perl", "-e", RECEIVE, address], { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
  const texts: string[] = [];
  const reading = (async () => {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of child.stdout) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split("\x1e");
      rest = parts.pop() ?? "";
      texts.push(...parts);
    }
  })();
  await until(`perl listens at ${address}`, () => texts.length > 0);
  texts.shift();
  return {
    received: texts,
    waitFor: (text, timeoutMs = 5000) =>
      until(`a datagram with ${text}`, () => texts.some((one) => one.includes(text)), timeoutMs),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await reading;
    },
  };
}
