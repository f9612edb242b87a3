import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { request } from 'undici';
import { z } from 'zod';
import { REFUSAL_CODES, Refused } from '@/core/errors';
import { ImportReport } from '@/protocol/api/fleet';
import { ReasonSchema } from '@/protocol/node-manager/schemas';
import type { Settings } from './settings';

const Line = z.object({
  progress: z.object({ bytes: z.number(), nodes: z.int() }).optional(),
  report: ImportReport.optional(),
  refusal: ReasonSchema.extend({ code: z.enum(REFUSAL_CODES) }).optional(),
  error: z.object({ requestId: z.string() }).optional(),
});

export type ImportFileProgress = { sent: number; size: number; nodes: number };

/** Sends a file as it is read and follows the import to its report. @throws Refused, or an Error when the file cannot be read */
export async function importFile(settings: Settings, file: string, onProgress: (progress: ImportFileProgress) => void) {
  const size = await sizeOf(file);
  let sent = 0;
  let nodes = 0;
  const source = createReadStream(file);
  const counted = Readable.from(
    (async function* () {
      for await (const chunk of source) {
        sent += chunk.length;
        onProgress({ sent, size, nodes });
        yield chunk;
      }
    })(),
  );
  const answer = await request(`${settings.url}/api/fleet/import`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${settings.token ?? ''}`,
      'content-type': 'application/xml',
      'content-length': String(size),
    },
    body: counted,
    headersTimeout: 120_000,
    bodyTimeout: 300_000,
  });
  for await (const text of createInterface({ input: answer.body, crlfDelay: Number.POSITIVE_INFINITY })) {
    const line = Line.safeParse(parse(text));
    if (!line.success) continue; // a proxy's page, or a line of a newer server
    if (line.data.progress) {
      nodes = line.data.progress.nodes;
      onProgress({ sent: line.data.progress.bytes, size, nodes });
    }
    if (line.data.refusal) throw new Refused(line.data.refusal.code, line.data.refusal.facts);
    if (line.data.error)
      throw new Error(`the server failed (request ${line.data.error.requestId}); nothing was imported`);
    if (line.data.report) return line.data.report;
  }
  throw new Error(`the server ended without a report (HTTP ${answer.statusCode}); look with: meridian fleet list`);
}

async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch((cause: unknown) => {
    throw new Refused(
      'INVALID_INPUT',
      { field: file, problem: 'there is no such file, or it cannot be read' },
      { cause },
    );
  });
  if (!found.isFile()) throw new Refused('INVALID_INPUT', { field: file, problem: 'it is not a file' });
  return found.size;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
