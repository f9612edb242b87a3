import type { Command } from 'commander';
import { z } from 'zod';
import { Refused } from '@/core/errors';
import { checkWords } from '@/core/node/check-words';
import { nodeNamed } from '../node-named';
import { json, plain } from '../print';
import { type Io, signedIn } from '../run';

type Options = {
  cpu?: string;
  memory?: string;
  disk?: string;
  network?: string;
  image?: string;
  for: string;
  from?: string;
  slice?: string;
};

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;

/** `meridian node check`: what would fit on a node, and when. */
export function nodeCheckCommand(node: Command, io: Io): void {
  node
    .command('check <node>')
    .description('ask a node whether a sliver would fit; if not, what is short, when it would, and what would now')
    .option('--cpu <cores>', 'cores that are reserved, such as 0.5')
    .option('--memory <MiB>', 'memory')
    .option('--disk <MiB>', 'disk')
    .option('--network <kbit/s>', 'network that is reserved')
    .option('--image <name>', 'image')
    .option('--for <time>', 'how long, such as 12h, 7d or 2w', '7d')
    .option('--from <time>', 'from when, such as 2026-01-15T14:00:00Z; now when left out')
    .option('--slice <name>', 'also whether this slice may come')
    .action(
      signedIn(io, async ({ client, settings }, name: string, options: Options) => {
        const seconds = durationOf(options.for);
        const from = options.from === undefined ? undefined : new Date(options.from);
        if (from && Number.isNaN(from.getTime()))
          throw new Refused('INVALID_INPUT', { field: '--from', problem: 'give a time as 2026-01-15T14:00:00Z' });
        const { id, hostname } = await nodeNamed(client, name);
        const cpu = amount('--cpu', options.cpu, 1000);
        const amounts = {
          cpuMilli: cpu,
          memoryMiB: amount('--memory', options.memory),
          diskMiB: amount('--disk', options.disk),
          networkKbps: amount('--network', options.network),
        };
        const answer = await client.fleet.check.query({
          id,
          seconds,
          ...amounts,
          image: options.image,
          slice: options.slice,
          start: from?.toISOString(),
        });
        if (settings.json) io.out(`${json(answer)}\n`);
        else io.out(`${hostname}: ${checkWords(answer, Date.now()).map(plain).join('\n')}\n`);
        return answer.fits ? 0 : 1;
      }),
    );
}

function amount(field: string, text: string | undefined, scale = 1): number | undefined {
  if (text === undefined) return undefined;
  const value = z.coerce.number().min(0).safeParse(text);
  if (!value.success || text.trim() === '')
    throw new Refused('INVALID_INPUT', { field, problem: 'must be a number, not below zero' });
  return Math.round(value.data * scale);
}

function durationOf(text: string): number {
  const m = /^(\d{1,6})([smhdw])$/.exec(text.trim());
  const unit = m?.[2] as keyof typeof UNITS | undefined; // one of the five letters
  if (!m || !unit) throw new Refused('INVALID_INPUT', { field: '--for', problem: 'give a time such as 12h, 7d or 2w' });
  return Number(m[1]) * UNITS[unit];
}
