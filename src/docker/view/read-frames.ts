/** Docker Engine API, "Attach to a container", stream format: type, three zero bytes, length as big-endian 32 bits. */
const HEADER_BYTES = 8;
/** The engine writes frames of at most 16 KiB; what claims to be longer is no such stream. */
const MAX_FRAME_BYTES = 16 * 1024 * 1024;

/** The payloads of stdout and stderr, in the order in which they came. Throws where the stream is no such one. */
export function createFrameReader(): (chunk: Uint8Array) => readonly Uint8Array[] {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    const payloads: Uint8Array[] = [];
    while (rest.length >= HEADER_BYTES) {
      const length = rest.readUInt32BE(4);
      if (length > MAX_FRAME_BYTES) throw new Error("the output is not in the form in which Docker gives it");
      if (rest.length < HEADER_BYTES + length) break;
      payloads.push(rest.subarray(HEADER_BYTES, HEADER_BYTES + length));
      rest = rest.subarray(HEADER_BYTES + length);
    }
    return payloads;
  };
}
