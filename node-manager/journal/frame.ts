import { crc32 } from 'node:zlib';

/**
 * A journal file is a row of frames. A frame is one durable commit: the records of all appends that shared one
 * fdatasync.
 *
 *     offset  bytes  what
 *          0      4  magic "MJ01"
 *          4      4  payload length, little endian
 *          8      8  number of this frame, counting up by one through all files
 *         16      8  epoch ms: the journal's high-water mark of time
 *         24      4  CRC-32 of bytes 4..24 and the payload
 *         28      …  payload: records, each length (4), CRC-32 (4), UTF-8 JSON
 *
 * Frame n + 1 is written only after frame n is durable. So a bad frame with a whole frame behind it was once durable:
 * that is damage. A bad frame with nothing whole behind it is the torn end of a write that nobody was told of.
 */
export const MAGIC = Buffer.from('MJ01');
export const HEADER_BYTES = 28;
/** No frame is longer: it would be taken for damage when it is read. Appends beyond it go into the next. */
export const MAX_FRAME_BYTES = 64 * 1024 * 1024;
const RECORD_HEADER_BYTES = 8;

export type Frame = { number: number; timeMark: number; records: string[] };

/** Throws for a frame that nobody could read again. */
export function encodeFrame(frame: Frame): Buffer {
  const records = frame.records.map((text) => Buffer.from(text, 'utf8'));
  const length = records.reduce((sum, r) => sum + RECORD_HEADER_BYTES + r.length, 0);
  if (length > MAX_FRAME_BYTES) throw new Error(`a frame of ${length} bytes, of at most ${MAX_FRAME_BYTES}`);
  const out = Buffer.allocUnsafe(HEADER_BYTES + length);
  MAGIC.copy(out, 0);
  out.writeUInt32LE(length, 4);
  out.writeBigUInt64LE(BigInt(frame.number), 8);
  out.writeBigUInt64LE(BigInt(frame.timeMark), 16);
  let at = HEADER_BYTES;
  for (const record of records) {
    out.writeUInt32LE(record.length, at);
    out.writeUInt32LE(crc32(record), at + 4);
    record.copy(out, at + RECORD_HEADER_BYTES);
    at += RECORD_HEADER_BYTES + record.length;
  }
  out.writeUInt32LE(frameCrc(out, 0, length), 24);
  return out;
}

/** The frame at `at`, or what is wrong with it. */
export function decodeFrame(file: Buffer, at: number): { frame: Frame; end: number } | { problem: string } {
  if (at + HEADER_BYTES > file.length) return { problem: `${file.length - at} bytes where a frame's head should be` };
  if (file.compare(MAGIC, 0, MAGIC.length, at, at + MAGIC.length) !== 0) return { problem: 'no frame begins here' };
  const length = file.readUInt32LE(at + 4);
  const end = at + HEADER_BYTES + length;
  if (length > MAX_FRAME_BYTES) return { problem: `a frame of ${length} bytes` };
  if (end > file.length)
    return { problem: `a frame of ${length} bytes of which ${file.length - at - HEADER_BYTES} are there` };
  if (file.readUInt32LE(at + 24) !== frameCrc(file, at, length)) return { problem: 'a frame whose checksum is wrong' };
  const records: string[] = [];
  for (let p = at + HEADER_BYTES; p < end; ) {
    const size = p + RECORD_HEADER_BYTES <= end ? file.readUInt32LE(p) : -1;
    const stop = p + RECORD_HEADER_BYTES + size;
    if (size < 0 || stop > end) return { problem: 'a record that runs over its frame' };
    const body = file.subarray(p + RECORD_HEADER_BYTES, stop);
    if (crc32(body) !== file.readUInt32LE(p + 4)) return { problem: 'a record whose checksum is wrong' };
    records.push(body.toString('utf8'));
    p = stop;
  }
  const number = Number(file.readBigUInt64LE(at + 8));
  return { frame: { number, timeMark: Number(file.readBigUInt64LE(at + 16)), records }, end };
}

function frameCrc(file: Buffer, at: number, length: number): number {
  const head = crc32(file.subarray(at + 4, at + 24));
  return crc32(file.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length), head);
}

export type Scan = {
  frames: Frame[];
  /** Bytes up to here are whole frames. */
  goodBytes: number;
  /** What stands at `goodBytes`, when that is not the end of the file. */
  tail: { problem: string; bytes: number; torn: boolean } | null;
};

/** Reads all frames of a file; says of a bad end whether it is a torn write or damage to what was durable. */
export function scanFrames(file: Buffer): Scan {
  const frames: Frame[] = [];
  let at = 0;
  while (at < file.length) {
    const next = decodeFrame(file, at);
    if ('problem' in next) {
      return {
        frames,
        goodBytes: at,
        tail: { problem: next.problem, bytes: file.length - at, torn: !wholeFrameAfter(file, at + 1) },
      };
    }
    const before = frames.at(-1);
    if (before && next.frame.number !== before.number + 1) {
      const problem = `frame ${next.frame.number} after frame ${before.number}`;
      return { frames, goodBytes: at, tail: { problem, bytes: file.length - at, torn: false } };
    }
    frames.push(next.frame);
    at = next.end;
  }
  return { frames, goodBytes: at, tail: null };
}

function wholeFrameAfter(file: Buffer, from: number): boolean {
  for (let at = file.indexOf(MAGIC, from); at >= 0; at = file.indexOf(MAGIC, at + 1)) {
    if ('frame' in decodeFrame(file, at)) return true;
  }
  return false;
}
