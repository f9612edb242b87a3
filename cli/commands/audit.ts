import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { request } from 'undici';
import { z } from 'zod';
import { REFUSAL_CODES, Refused } from '@/core/errors';
import { formatCount } from '@/core/format/number';
import type { AuditCheck } from '@/protocol/api/audit';
import { type ChainHead, type ChainProblem, chainProblem } from '@/protocol/audit/chain';
import { ReasonSchema } from '@/protocol/node-manager/schemas';
import { json, table } from '../print';
import { action, type Io, signedIn } from '../run';
import type { Settings } from '../settings';
import { type VerifiedExport, verifyFile } from '../verify-export';

const EX_DATAERR = 65;
const FORMATS = ['csv', 'jsonl'] as const;

type Filter = {
  search?: string;
  actor?: string;
  action?: string;
  object?: string;
  site?: string;
  from?: string;
  to?: string;
};

/** `meridian audit list|export|check|verify`. */
export function auditCommands(program: Command, io: Io): void {
  const audit = program.command('audit').description('who did what to which object');
  filtered(audit.command('list').description('the newest rows that you may see'))
    .option('--limit <n>', 'how many', '50')
    .action(
      signedIn(io, async ({ client, settings }, options: Filter & { limit: string }) => {
        const answer = await client.audit.list.query({ ...filterOf(options), limit: Number(options.limit) });
        if (settings.json) io.out(`${json(answer)}\n`);
        else io.out(rowTable(answer.rows));
        return 0;
      }),
    );
  filtered(
    audit
      .command('export <file>')
      .description('write all that you may see into a file, oldest first; - for standard output'),
  )
    .option('--format <format>', 'csv or jsonl', 'jsonl')
    .action(
      action(io, async (settings, file: string, options: Filter & { format: string }) => {
        await exportTo(settings, file, options);
        if (file !== '-') io.err(`Written to ${file}.\n`);
        return 0;
      }),
    );
  audit
    .command('check')
    .description('follow the whole trail in the database, and say which row was changed or removed')
    .option('--noted <seq:hash>', 'a head that was noted before: the trail must still reach it and hold it')
    .action(
      signedIn(io, async ({ client, settings }, options: { noted?: string }) => {
        const noted = options.noted === undefined ? null : headOf(options.noted);
        const check = await client.audit.check.mutate();
        const problem = check.problem ?? (noted && (await missing(client, check, noted)));
        io.out(settings.json ? `${json({ ...check, problem })}\n` : checkText({ ...check, problem }));
        return problem || check.unchained > 0 ? EX_DATAERR : 0;
      }),
    );
  audit
    .command('verify <file>')
    .description('check an export as JSON lines, without the database')
    .option('--noted <seq:hash>', 'a head that was noted before: the export must reach it and hold it')
    .action(
      action(io, async (settings, file: string, options: { noted?: string }) => {
        const found = await verifyFile(file, options.noted === undefined ? null : headOf(options.noted));
        io.out(settings.json ? `${json(found)}\n` : foundText(found));
        return found.problem ? EX_DATAERR : 0;
      }),
    );
}

function filtered(command: Command): Command {
  return command
    .option('--search <words>', 'words in who, what, on what or the facts')
    .option('--actor <e-mail>', 'who did it')
    .option('--action <name>', 'what was done: slice.delete, or all that begin so: slice.')
    .option('--object <kind/id>', 'on what: slice/ucb_ocean')
    .option('--site <login base>', 'at which site')
    .option('--from <time>', 'from this time on: 2026-01-15 or 2026-01-15T14:00Z')
    .option('--to <time>', 'before this time');
}

function filterOf({ search, actor, action: act, object, site, from, to }: Filter) {
  const [objectKind, ...rest] = object?.split('/') ?? [];
  return {
    ...(search !== undefined && { q: search }),
    ...(actor !== undefined && { actor }),
    ...(act !== undefined && { action: act }),
    ...(objectKind && { objectKind }),
    ...(rest.length > 0 && { objectId: rest.join('/') }),
    ...(site !== undefined && { site }),
    ...(from !== undefined && { from: timeOf('--from', from) }),
    ...(to !== undefined && { to: timeOf('--to', to) }),
  };
}

function timeOf(field: string, text: string): Date {
  const at = new Date(text);
  if (Number.isNaN(at.getTime()))
    throw new Refused('INVALID_INPUT', { field, problem: 'give a time as 2026-01-15T14:00Z' });
  return at;
}

function headOf(text: string): ChainHead {
  const [, seq, hash] = /^([1-9]\d{0,18}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (!seq || !hash)
    throw new Refused('INVALID_INPUT', { field: '--noted', problem: 'give it as it was shown, row:hash' });
  return { seq, hash };
}

/** Does the trail, which holds in itself, still hold what was noted? */
async function missing(
  client: Parameters<Parameters<typeof signedIn>[1]>[0]['client'],
  check: AuditCheck,
  noted: ChainHead,
): Promise<ChainProblem | null> {
  if (check.head && BigInt(check.head.seq) < BigInt(noted.seq))
    return chainProblem('cut-off', noted.seq, `row ${noted.seq} was there and is gone`);
  const { rows } = await client.audit.list.query({ cursor: String(BigInt(noted.seq) + 1n), limit: 1 });
  if (rows[0]?.seq === noted.seq && rows[0].hash === noted.hash) return null;
  return chainProblem('changed', noted.seq, `row ${noted.seq} is not the one that was noted`);
}

const Answer = z.object({
  refusal: ReasonSchema.extend({ code: z.enum(REFUSAL_CODES) }).optional(),
  error: z.object({ requestId: z.string() }).optional(),
});

async function exportTo(settings: Settings, file: string, options: Filter & { format: string }): Promise<void> {
  const format = FORMATS.find((known) => known === options.format);
  if (!format) throw new Refused('INVALID_INPUT', { field: '--format', problem: `is one of ${FORMATS.join(', ')}` });
  if (!settings.token) throw new Refused('NOT_SIGNED_IN');
  const query = Object.entries({ format, ...filterOf(options) }).map(([name, value]) => {
    return [name, value instanceof Date ? value.toISOString() : String(value)];
  });
  const answer = await request(`${settings.url}/api/audit/export?${new URLSearchParams(query)}`, {
    headers: { authorization: `Bearer ${settings.token}` },
    bodyTimeout: 300_000,
  });
  if (answer.statusCode !== 200) {
    const said = Answer.safeParse(await answer.body.json().catch(() => null)).data;
    if (said?.refusal) throw new Refused(said.refusal.code, said.refusal.facts);
    throw new Error(
      `the server failed (HTTP ${answer.statusCode}${said?.error ? `, request ${said.error.requestId}` : ''})`,
    );
  }
  await pipeline(answer.body, file === '-' ? process.stdout : createWriteStream(file, { mode: 0o600 }), {
    end: file !== '-',
  });
}

type Shown = {
  seq: string;
  at: Date;
  actor: string;
  action: string;
  objectKind: string;
  objectId: string;
  objectName: string | null;
};

function rowTable(rows: readonly Shown[]): string {
  if (rows.length === 0) return 'No row matches.\n';
  return `${table(rows, [
    { head: 'ROW', cell: (row) => row.seq },
    { head: 'WHEN', cell: (row) => row.at.toISOString() },
    { head: 'WHO', cell: (row) => row.actor },
    { head: 'WHAT', cell: (row) => row.action },
    { head: 'ON', cell: (row) => `${row.objectKind} ${row.objectName ?? row.objectId}` },
  ])}\n`;
}

function checkText({ rows, head, problem, unchained, seal }: AuditCheck): string {
  return [
    problem
      ? `Somebody changed the trail: ${problem.says}. The ${rows} before it hold.`
      : `${formatCount(rows, 'row')}, all as they were written.`,
    ...(unchained > 0 ? [`${formatCount(unchained, 'row')} came in past the chain.`] : []),
    seal
      ? `Sealed up to row ${seal.seq} at ${seal.at.toISOString()} by the key ${seal.key}.`
      : 'No part of it is sealed yet.',
    ...(head ? [`Note this elsewhere: ${head.seq}:${head.hash}`] : []),
    '',
  ].join('\n');
}

function foundText({ rows, whole, first, head, problem }: VerifiedExport): string {
  if (problem) return `Line ${problem.line}: ${problem.says}.\n`;
  if (!head) return 'It holds no row.\n';
  const between = whole
    ? `nothing is missing between row ${first} and row ${head.seq}`
    : 'rows between them are left out: each was checked by itself';
  return `${formatCount(rows, 'row')}, each as it was written; ${between}.\n`;
}
