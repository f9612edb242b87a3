/** What the first bytes of a connection turned out to be; `name` is the server name that is dialled, in lower case. */
export type FirstBytes = { is: 'unfinished' } | { is: 'malformed' } | { is: 'client-hello'; name: string | null };

/** The longest ClientHello that is read, records and all; ours are some 400 bytes, a browser's below 2,000. */
export const MAX_HELLO_BYTES = 8_192;

const UNFINISHED = { is: 'unfinished' } as const;
const MALFORMED = { is: 'malformed' } as const;
const RECORD_HEADER = 5;
const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
/** In how many records a ClientHello may come; everybody sends it in one. */
const MAX_RECORDS = 4;
const SERVER_NAME = 0;
const HOST_NAME = /^[a-z0-9_](?:[a-z0-9._-]{0,251}[a-z0-9])?$/;

/**
 * Reads the server name out of the ClientHello with which a TLS connection begins (RFC 8446 §4.1.2, RFC 6066 §3), and decides
 * nothing else: what it passes, OpenSSL judges again. Strict where the bytes decide who gets the connection: every length must
 * come out exactly, the name stands once. Never throws; time and memory are bounded by MAX_HELLO_BYTES.
 */
export function readClientHello(bytes: Buffer): FirstBytes {
  const parts: Buffer[] = [];
  let have = 0;
  for (let at = 0; ; ) {
    if (parts.length === MAX_RECORDS) return MALFORMED;
    const header = bytes.subarray(at, at + RECORD_HEADER);
    if ((header[0] ?? HANDSHAKE) !== HANDSHAKE || (header[1] ?? 3) !== 3 || (header[2] ?? 1) > 4) return MALFORMED;
    if (header.length < RECORD_HEADER) return UNFINISHED;
    const length = header.readUInt16BE(3);
    if (length === 0 || at + RECORD_HEADER + length > MAX_HELLO_BYTES) return MALFORMED;
    const part = bytes.subarray(at + RECORD_HEADER, at + RECORD_HEADER + length);
    parts.push(part);
    have += part.length;
    const message = parts.length === 1 ? part : Buffer.concat(parts, have);
    if ((message[0] ?? CLIENT_HELLO) !== CLIENT_HELLO) return MALFORMED;
    if (message.length >= 4) {
      const whole = 4 + message.readUIntBE(1, 3);
      if (whole > MAX_HELLO_BYTES) return MALFORMED;
      if (message.length > whole) return MALFORMED; // nothing may follow before the server has spoken
      if (message.length === whole) return readBody(new Reader(message.subarray(4)));
    }
    if (part.length < length) return UNFINISHED;
    at += RECORD_HEADER + length;
  }
}

function readBody(body: Reader): FirstBytes {
  body.bytes(2 + 32); // version, random
  const session = body.vector(1);
  const suites = body.vector(2);
  const compression = body.vector(1);
  if (!body.ok || session.length > 32 || suites.length < 2 || suites.length % 2 === 1 || compression.length === 0)
    return MALFORMED;
  if (body.left === 0) return { is: 'client-hello', name: null };
  const extensions = new Reader(body.vector(2));
  if (!body.ok || body.left > 0) return MALFORMED;
  let name: string | null = null;
  while (extensions.left > 0) {
    const type = extensions.uint(2);
    const data = extensions.vector(2);
    if (!extensions.ok) return MALFORMED;
    if (type !== SERVER_NAME) continue;
    const read = readServerName(data);
    if (read === null || name !== null) return MALFORMED;
    name = read;
  }
  return { is: 'client-hello', name };
}

/** The one host name in a server_name extension; null when it is anything else. */
function readServerName(data: Buffer): string | null {
  const outer = new Reader(data);
  const list = new Reader(outer.vector(2));
  const kind = list.uint(1);
  const name = list.vector(2).toString('latin1').toLowerCase();
  return outer.ok && list.ok && outer.left === 0 && list.left === 0 && kind === 0 && HOST_NAME.test(name) ? name : null;
}

/** Reads big-endian fields; past the end it gives nothing and is no longer `ok`. */
class Reader {
  ok = true;
  private at = 0;
  constructor(private readonly all: Buffer) {}

  get left(): number {
    return this.all.length - this.at;
  }
  bytes(count: number): Buffer {
    if (count > this.left) {
      this.ok = false;
      this.at = this.all.length;
      return Buffer.alloc(0);
    }
    this.at += count;
    return this.all.subarray(this.at - count, this.at);
  }
  uint(size: 1 | 2): number {
    const field = this.bytes(size);
    return field.length === size ? field.readUIntBE(0, size) : 0;
  }
  /** A length of that many bytes, and as many bytes as it says. */
  vector(size: 1 | 2): Buffer {
    return this.bytes(this.uint(size));
  }
}
