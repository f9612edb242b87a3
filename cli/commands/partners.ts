import { setTimeout } from 'node:timers/promises';
import type { Command } from 'commander';
import { Refused } from '@/core/errors';
import { sentence } from '@/core/refusal-sentence';
import type { GrantInput, GrantPreview, PartnerView } from '@/protocol/api/partners';
import type { Client } from '../client';
import { json, plain, table } from '../print';
import { type Io, type Session, signedIn } from '../run';

/** How long joining is waited for: the agent does it, within a second or two when the other answers. */
const JOIN_MS = 20_000;

type GrantOptions = {
  all?: boolean;
  site?: string[];
  country?: string[];
  node?: string[];
  count?: string;
  part: string;
  days: string;
  degree: string;
  endLeases?: boolean;
  reason: string;
  dryRun?: boolean;
};
type EndOptions = { endLeases?: boolean; reason: string };

/** `meridian partner …`: other deployments that share nodes with this one. */
export function partnerCommands(program: Command, io: Io): void {
  const partner = program.command('partner').description('other deployments that share nodes with this one');
  partner
    .command('list')
    .description('partners, what each has of us and we of it')
    .action(
      signedIn(io, async (session) => {
        const list = await session.client.partners.list.query();
        if (session.settings.json) io.out(`${json(list)}\n`);
        else if (list.partners.length === 0) io.out(`${list.authority} has no partners.\n`);
        else io.out(`${listed(list.partners)}\n`);
        return 0;
      }),
    );
  partner
    .command('invite <authority>')
    .description('a one-time token for another deployment; its operator joins with it')
    .requiredOption('--name <name>', 'what people here call it')
    .action(
      signedIn(io, async (session, authority: string, { name }: { name: string }) => {
        const invited = await session.client.partners.invite.mutate({ authority, name });
        if (session.settings.json) io.out(`${json(invited)}\n`);
        else {
          io.out(`${invited.token}\n`);
          io.err(
            `For ${plain(authority)} only, once, until ${invited.expiresAt.toISOString()}. It is shown only now.\n`,
          );
        }
        return 0;
      }),
    );
  partner
    .command('join <token>')
    .description('join the deployment that made the token out to this one')
    .option('--name <name>', 'what people here call it')
    .action(
      signedIn(io, async (session, token: string, { name }: { name?: string }) => {
        const { authority } = await session.client.partners.join.mutate({ token, ...(name && { name }) });
        const joined = await joining(session.client, authority);
        return say(session, joined, `Joined ${joined.name}. It has to give you nodes now.`);
      }),
    );
  grantOptions(partner.command('grant <authority>').description('say what it has from now on; the rest is taken back'))
    .requiredOption('--part <percent>', 'part of each node, such as 50%')
    .action(
      signedIn(io, async (session, authority: string, options: GrantOptions) => grant(session, authority, options)),
    );
  grantOptions(partner.command('narrow <authority>').description('as grant, but refuses to give anything more'))
    .option('--part <percent>', 'part of each node; as before when left out')
    .action(
      signedIn(io, async (session, authority: string, options: GrantOptions) => {
        const { given } = await named(session.client, authority);
        const part = options.part ?? `${(given.shareMilli ?? 0) / 10}%`;
        const more = thousandths('--part', part) > (given.shareMilli ?? 0);
        const { added } = await session.client.partners.previewGrant.query(grantInput(authority, { ...options, part }));
        if (more || added > 0)
          throw new Refused('INVALID_INPUT', {
            field: more ? '--part' : 'nodes',
            problem: 'that is more than it has; use grant',
          });
        return grant(session, authority, { ...options, part });
      }),
    );
  ending(partner.command('revoke <authority>').description('take back all that it has; it stays a partner')).action(
    signedIn(io, async (session, authority: string, options: EndOptions) => {
      const view = await session.client.partners.revokeGrant.mutate({ authority, ...changeOf(options) });
      return say(session, view, `${view.name} may use no node of ours now.`);
    }),
  );
  ending(partner.command('end <authority>').description('end the partnership: its certificates stop counting')).action(
    signedIn(io, async (session, authority: string, options: EndOptions) => {
      const view = await session.client.partners.end.mutate({ authority, ...changeOf(options) });
      return say(session, view, `${view.name} is no partner any more. Tell its operator too.`);
    }),
  );
}

function grantOptions(command: Command): Command {
  return ending(command)
    .option('--all', 'all of our nodes')
    .option('--site <loginBase...>', 'nodes of these sites')
    .option('--country <code...>', 'nodes of these countries')
    .option('--node <name...>', 'these nodes, by host name or URN')
    .option('--count <n>', 'at most so many of them, spread over sites; those in use stay first')
    .option('--days <n>', 'for how many days', '30')
    .option('--degree <factor>', 'degree of oversubscription, such as 1.5', '1')
    .option('--dry-run', 'only say what it comes to');
}

function ending(command: Command): Command {
  return command
    .option('--end-leases', 'end its leases on what is taken back at once; else they run to their end')
    .option('--reason <text>', 'why; its people read it', '');
}

const changeOf = ({ endLeases = false, reason }: EndOptions) => ({ endLeases, reason });

async function grant(session: Session, authority: string, options: GrantOptions): Promise<number> {
  const input = grantInput(authority, options);
  const preview = await session.client.partners.previewGrant.query(input);
  if (options.dryRun) {
    session.io.out(`${session.settings.json ? json(preview) : previewWords(preview)}\n`);
    return 0;
  }
  const view = await session.client.partners.grant.mutate({ ...input, ...changeOf(options) });
  return say(session, view, previewWords(preview));
}

function grantInput(authority: string, options: GrantOptions): GrantInput {
  return {
    authority,
    nodes: nodesOf(options),
    count: options.count === undefined ? null : number('--count', options.count),
    shareMilli: thousandths('--part', options.part),
    degreeMilli: Math.round(number('--degree', options.degree) * 1000),
    days: number('--days', options.days),
  };
}

function nodesOf({ all, site, country, node }: GrantOptions): GrantInput['nodes'] {
  const ways = [all, site, country, node].filter((way) => way !== undefined);
  if (ways.length > 1)
    throw new Refused('INVALID_INPUT', {
      field: 'nodes',
      problem: 'choose one of --all, --site, --country and --node',
    });
  if (site) return { by: 'site', sites: site };
  if (country) return { by: 'country', countries: country };
  return node ? { by: 'list', nodes: node } : { by: 'all' };
}

function number(field: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value))
    throw new Refused('INVALID_INPUT', { field, problem: 'give a number' });
  return value;
}

/** "50%" or "50" as thousandths. */
function thousandths(field: string, text: string): number {
  return Math.round(number(field, text.replace(/\s*%$/, '')) * 10);
}

function previewWords({ nodes, sites, added, kept, removed, sliversRemoved, unready }: GrantPreview): string {
  return [
    `${nodes} nodes at ${sites} sites: ${added} new, ${kept} as before, ${removed} taken back with ${sliversRemoved} slivers of it.`,
    ...(unready > 0 ? [`${unready} left out: nothing is delegated to our agent by them now.`] : []),
  ].join('\n');
}

async function named(client: Client, authority: string): Promise<PartnerView> {
  const { partners } = await client.partners.list.query();
  const found = partners.find((one) => one.authority === authority);
  if (!found) throw new Refused('NOT_FOUND', { kind: 'partner', id: authority });
  return found;
}

async function joining(client: Client, authority: string): Promise<PartnerView> {
  for (const until = Date.now() + JOIN_MS; ; await setTimeout(500)) {
    const partner = await named(client, authority);
    if (partner.state === 'active' && partner.gives) return partner;
    if (partner.problem && (partner.state === 'refused' || Date.now() > until))
      throw new Refused(partner.problem.code as Refused['code'], partner.problem.facts); // stored by our own agent
    if (Date.now() > until)
      throw new Refused('AGENT_UNREACHABLE', {
        address: partner.agentAddress ?? '',
        cause: 'our own agent has not tried yet',
      });
  }
}

function say({ settings, io }: Session, view: PartnerView, words: string): number {
  io.out(`${settings.json ? json(view) : plain(words)}\n`);
  return 0;
}

function listed(partners: readonly PartnerView[]): string {
  const rows = table(partners, [
    { head: 'AUTHORITY', cell: (p) => p.authority },
    { head: 'NAME', cell: (p) => p.name },
    { head: 'STATE', cell: (p) => p.state },
    { head: 'HAS OF US', cell: (p) => (p.takes ? `${p.given.nodes} nodes, ${p.given.slivers} slivers` : '–') },
    { head: 'WE OF IT', cell: (p) => (p.gives ? `${p.got.nodes} nodes, ${p.got.slivers} slivers` : '–') },
  ]);
  const problems = partners.flatMap((p) => {
    const problem = p.problem && p.state !== 'ended' ? p.problem : null;
    return problem ? [`${plain(p.name)}: ${sentence(problem as Parameters<typeof sentence>[0])}`] : []; // as stored by our agent
  });
  return [rows, ...problems].join('\n');
}
