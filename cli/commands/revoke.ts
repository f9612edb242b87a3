import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { Refused } from '@/core/errors';
import { formatCount } from '@/core/format/number';
import type { RevokePreview, RevokeTarget } from '@/protocol/api/revocations';
import { json, plain } from '../print';
import { type Io, type Session, signedIn } from '../run';

type Options = { agent?: string; endLeases?: boolean; reason?: string; yes?: boolean };

const WHAT: readonly [kind: RevokeTarget['kind'], name: string, says: string][] = [
  [
    'delegation',
    'node',
    'what a node delegated, to all agents or to one (--agent), and all that was passed on from it',
  ],
  ['agent', 'agent', 'an agent: its key and all that was delegated to it; its name or URN'],
  ['node', 'node', 'a node: its key and all that it delegated; it comes back only by enrolling anew'],
  ['key', 'key', 'a key for a service manager of one’s own: its name, or its thumbprint'],
  ['ticket', 'id', 'one ticket, by its id'],
];

/** `meridian revoke …`, `meridian revocations`: taking authority back, with what goes shown before. */
export function revokeCommands(program: Command, io: Io): void {
  const revoke = program.command('revoke').description('take authority back before its time');
  for (const [kind, name, says] of WHAT) {
    const command = revoke
      .command(`${kind} <${name}>`)
      .description(says)
      .option('--end-leases', 'leases below end at once; else they run to their end and are not renewed')
      .option('--reason <text>', 'why: shown to those whom it meets')
      .option('--yes', 'do it; else only what would go is shown, and on a terminal it is asked');
    if (kind === 'delegation') command.option('--agent <agent>', 'only what it delegated to this agent');
    command.action(signedIn(io, (session, named: string, options: Options) => act(session, kind, named, options)));
  }
  program
    .command('rotate-key <agent>')
    .description('have an agent change its key, with no gap: its name or URN')
    .action(
      signedIn(io, async ({ client, settings }, name: string) => {
        const { agent } = await client.revocations.rotateAgentKey.mutate({ agent: name });
        if (settings.json) io.out(`${json({ agent })}\n`);
        else
          io.out(
            `${agent} makes another key. Nodes delegate to it beside the present one; then it takes its place (meridian audit list --search agent.keyRotated).\n`,
          );
        return 0;
      }),
    );
  program
    .command('revocations')
    .description('what was taken back, by whom and why, and how far it has reached')
    .action(
      signedIn(io, async ({ client, settings }) => {
        const all = await client.revocations.list.query();
        if (settings.json) io.out(`${json(all)}\n`);
        else if (all.length === 0) io.out('Nothing has been taken back.\n');
        for (const one of settings.json ? [] : all)
          io.out(
            `${one.at.toISOString()}  ${one.kind} ${plain(one.name)}, by ${plain(one.by)}: ${plain(one.reason)}\n` +
              `    heard by ${one.heard.by} of ${formatCount(one.heard.of, 'node')}${one.heard.away.length > 0 ? `; away: ${one.heard.away.join(', ')}` : ''}\n`,
          );
        return 0;
      }),
    );
}

async function act({ client, settings, io }: Session, kind: RevokeTarget['kind'], name: string, options: Options) {
  const { agent = null, endLeases = false, reason } = options;
  const target = await client.revocations.resolve.query({ kind, name, agent });
  const preview = await client.revocations.preview.query({ target });
  if (!settings.json) io.out(words(preview, endLeases));
  if (!options.yes && (settings.json || !(await agreed(preview)))) {
    if (settings.json) io.out(`${json({ preview })}\n`);
    else io.out('Nothing was taken back. Say --yes to do it.\n');
    return 0;
  }
  if (!reason?.trim())
    throw new Refused('INVALID_INPUT', { field: '--reason', problem: 'say why: it is shown to those whom it meets' });
  const done = await client.revocations.revoke.mutate({ target, endLeases, reason });
  if (settings.json) io.out(`${json({ preview, done })}\n`);
  else
    io.out(
      `Taken back: ${formatCount(done.delegations, 'delegation')}, ${formatCount(done.tickets, 'ticket')} void. Nodes hear of it now (meridian revocations).\n`,
    );
  return 0;
}

/** What cannot be undone is confirmed by its name. Nobody there to ask: no. */
async function agreed(preview: RevokePreview): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return false;
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  try {
    if (preview.final)
      return (await lines.question(`This cannot be undone. Type ${preview.name} to do it: `)) === preview.name;
    return /^y(es)?$/i.test(await lines.question('Take it back? [y/N] '));
  } finally {
    lines.close();
  }
}

function words(preview: RevokePreview, endLeases: boolean): string {
  const { nodes, slices, lastEnd } = preview;
  const leases = endLeases
    ? 'end at once'
    : `run to their end${lastEnd ? ` (the last: ${lastEnd.toISOString()})` : ''} and are not renewed`;
  const lines = [
    `${preview.target.kind} ${preview.name}${preview.final ? ' (cannot be undone)' : ''}`,
    `  delegations  ${preview.delegations}${preview.agents.length > 0 ? `, held by ${preview.agents.join(', ')}` : ''}`,
    `  tickets      ${preview.tickets} that are out become void`,
    `  leases       ${preview.leases}${preview.leases > 0 ? ` ${leases}` : ''}`,
    `  slices       ${preview.sliceCount}${slices.length > 0 ? `: ${slices.map((slice) => `${slice.name} (${slice.slivers})`).join(', ')}` : ''}`,
    `  people       ${preview.peopleCount}`,
    `  nodes        ${nodes.total}, ${nodes.online} online${nodes.away.length > 0 ? `; away: ${nodes.away.join(', ')}` : ''}`,
    ...preview.warnings.map((warning) => `  ! ${warning}`),
  ];
  return `${lines.map(plain).join('\n')}\n`;
}
