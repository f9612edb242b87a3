import { z } from 'zod';
import { decodeFrame, type Frame, MAGIC, scanFrames } from './frame';

/** The first record of a file: how many frames hold the state so far, this one included, before events begin. */
export const FileHead = z.object({
  file: z.literal('journal'),
  version: z.literal(1),
  generation: z.int(),
  frames: z.int().min(1),
});

export type Read =
  /** Bytes up to `goodBytes` are sound; `torn` says what stands behind them. */
  | { kind: 'sound'; frames: Frame[]; goodBytes: number; torn: { problem: string; bytes: number } | null }
  /** Something that was durable cannot be read. */
  | { kind: 'damaged'; problem: string }
  /** Written by a version that this one does not understand: nothing is wrong with it. */
  | { kind: 'foreign'; problem: string };

/** Reads a journal file, which should be of that generation. Pure. */
export function readFile(file: Buffer, generation: number): Read {
  const scan = scanFrames(file);
  const damaged = (problem: string): Read => ({ kind: 'damaged', problem });
  const version = versionOf(scan.frames[0]?.records[0]);
  if (version !== null && version !== 1)
    return { kind: 'foreign', problem: `it was written in version ${version} of its format, and this program reads 1` };
  if (scan.tail && !scan.tail.torn)
    return damaged(`at byte ${scan.goodBytes} of ${file.length}: ${scan.tail.problem}, with whole frames behind it`);
  const head = headOf(scan.frames[0]?.records[0]);
  if (head?.generation !== generation) return damaged('its first record is not the head of this journal');
  if (scan.frames.length < head.frames)
    return damaged(`only ${scan.frames.length} of the ${head.frames} frames that hold its snapshot can be read`);
  return { kind: 'sound', frames: scan.frames, goodBytes: scan.goodBytes, torn: scan.tail };
}

/** Every whole frame of a damaged file, whatever stands between them, in the order of their numbers. */
export function salvageFrames(file: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = file.indexOf(MAGIC); at >= 0; ) {
    const next = decodeFrame(file, at);
    if ('frame' in next) frames.push(next.frame);
    at = file.indexOf(MAGIC, 'frame' in next ? next.end : at + 1);
  }
  return frames.sort((a, b) => a.number - b.number);
}

/** The records of a frame that stand for state: a file's head does not. */
export function stateRecords(frame: Frame): string[] {
  return frame.records.filter((record) => headOf(record) === null);
}

function headOf(record: string | undefined): z.infer<typeof FileHead> | null {
  return parsed(FileHead, record);
}

function versionOf(record: string | undefined): number | null {
  return parsed(z.object({ file: z.literal('journal'), version: z.number() }), record)?.version ?? null;
}

function parsed<T extends z.ZodType>(schema: T, record: string | undefined): z.infer<T> | null {
  if (!record?.startsWith('{"file":"journal"')) return null;
  try {
    return schema.parse(JSON.parse(record));
  } catch {
    return null;
  }
}
