import type { Command } from 'commander';
import { z } from 'zod';
import { Refused } from '@/core/errors';
import { formatSeconds } from '@/core/format/duration';
import { formatCount } from '@/core/format/number';
import { sentence } from '@/core/refusal-sentence';
import type { HardAmounts } from '@/core/resources/vector';
import { adviceFor } from '@/core/trust/path-advice';
import type { MayAnswer } from '@/protocol/api/trust';
import { json, plain } from '../print';
import { type Io, signedIn } from '../run';

type Options = {
  slivers: string;
  cpu?: string;
  memory?: string;
  disk?: string;
  network?: string;
  days: string;
  from?: string;
};

/** `meridian trust may`: may this key issue so much on that node, and by which path; exit code 1 for no. */
export function trustCommands(program: Command, io: Io): void {
  const trust = program.command('trust').description('who may hand out which nodes');
  trust
    .command('may <agent> <node>')
    .description(
      'may this agent (its name, URN or a key’s thumbprint) issue tickets on that node: the path link by link',
    )
    .option('--slivers <n>', 'how many', '1')
    .option('--cpu <cores>', 'cores of each, such as 0.5')
    .option('--memory <MiB>', 'memory of each')
    .option('--disk <MiB>', 'disk of each')
    .option('--network <kbit/s>', 'network of each')
    .option('--days <n>', 'for how long', '14')
    .option('--from <time>', 'from when, such as 2026-01-15T14:00:00Z; now when left out')
    .action(
      signedIn(io, async ({ client, settings }, issuer: string, node: string, options: Options) => {
        const start = options.from === undefined ? undefined : new Date(options.from);
        if (start && Number.isNaN(start.getTime()))
          throw new Refused('INVALID_INPUT', { field: '--from', problem: 'give a time as 2026-01-15T14:00:00Z' });
        const amounts: Partial<HardAmounts> = {
          ...amount('cpuMilli', '--cpu', options.cpu, 1000),
          ...amount('memoryMiB', '--memory', options.memory),
          ...amount('diskMiB', '--disk', options.disk),
          ...amount('networkKbps', '--network', options.network),
        };
        const answer = await client.trust.may.query({
          issuer,
          node,
          slivers: Math.round(number('--slivers', options.slivers)),
          seconds: Math.round(number('--days', options.days) * 86_400),
          amounts,
          ...(start && { start }),
        });
        io.out(`${settings.json ? json(answer) : mayWords(answer).map(plain).join('\n')}\n`);
        return answer.may ? 0 : 1;
      }),
    );
}

/** The answer for a terminal: yes or no, why, what would have to change, and the path. */
export function mayWords({ may, issuer, node, wish, reason, path, others, at }: MayAnswer): string[] {
  const seconds = Math.round((wish.end.getTime() - wish.start.getTime()) / 1000);
  const what = `${formatCount(wish.slivers, 'ticket')} on ${node.hostname} for ${formatSeconds(seconds)}`;
  const broken = path.find((step) => step.verdict === 'broken')?.link;
  const names = broken ? { from: broken.issuer?.name ?? broken.node.hostname, to: broken.grantee.name } : null;
  return [
    `${may ? 'Yes' : 'No'}: ${issuer.name} ${may ? 'may' : 'may not'} issue ${what}.`,
    ...(reason
      ? [`${sentence(reason, at.getTime())} (${reason.code})`, `What would have to change: ${adviceFor(reason, names)}`]
      : []),
    ...path.map(({ link, verdict }, i) => {
      const word = { holds: 'holds', broken: 'BROKEN', 'not judged': 'not judged' }[verdict];
      return `  ${i + 1}. ${link.issuer?.name ?? link.node.hostname} to ${link.grantee.name}, until ${link.notAfter.toISOString()}: ${word}`;
    }),
    ...(others > 0 ? [`  (${formatCount(others, 'other path')} beside it)`] : []),
  ];
}

function amount(resource: keyof HardAmounts, field: string, text: string | undefined, scale = 1): Partial<HardAmounts> {
  return text === undefined ? {} : { [resource]: Math.round(number(field, text) * scale) };
}

function number(field: string, text: string): number {
  const value = z.coerce.number().min(0).max(1e9).safeParse(text);
  if (!value.success || text.trim() === '')
    throw new Refused('INVALID_INPUT', { field, problem: 'must be a number, not below zero' });
  return value.data;
}
