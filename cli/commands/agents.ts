import type { Command } from 'commander';
import { Refused } from '@/core/errors';
import { formatAmount, formatCount, formatNumber } from '@/core/format/number';
import { describePolicy, POLICY_NAMES } from '@/core/granting/policy-words';
import { sentence } from '@/core/refusal-sentence';
import { PolicyChoice } from '@/protocol/agent/policy';
import type { AgentView, PolicyTrial } from '@/protocol/api/agents';
import type { Client } from '../client';
import { json, table } from '../print';
import { type Io, signedIn } from '../run';

type PolicyOptions = {
  each?: string[];
  site?: string[];
  weight?: string;
  seed?: string;
  drawSeconds?: string;
  waitSeconds?: string;
  try?: boolean;
};

const many = (value: string, all: string[] = []) => [...all, value];

/** `meridian agents list|show|policy|share|open|drain|close`. */
export function agentCommands(program: Command, io: Io): void {
  const agents = program
    .command('agents')
    .description('who issues tickets in this deployment, how much of, and by which policy');
  agents
    .command('list')
    .description('all agents of the deployment')
    .action(
      signedIn(io, async ({ client, settings }) => {
        const all = await client.agents.list.query();
        io.out(settings.json ? `${json(all)}\n` : `${listText(all)}\n`);
        return 0;
      }),
    );
  agents
    .command('show <agent>')
    .description('one agent, by its name such as am or am.north')
    .action(
      signedIn(io, async ({ client, settings }, name: string) => {
        const agent = await find(client, name);
        io.out(settings.json ? `${json(agent)}\n` : showText(agent));
        return 0;
      }),
    );
  agents
    .command('policy <agent> <kind>')
    .description(
      'have it grant by first-come, fair-share, quota or lottery; with --try only say what that would have done last week',
    )
    .option(
      '--each <what=amount>',
      'quota: what a site may hold, such as slivers=50 or cpuMilli=20000 (again for more)',
      many,
    )
    .option('--site <site=amount>', 'quota: slivers of a site of its own; lottery: its weight (again for more)', many)
    .option('--weight <n>', 'lottery: the weight of sites that are not named')
    .option('--seed <text>', 'lottery: the seed of its lots')
    .option('--draw-seconds <n>', 'lottery: how often is drawn')
    .option('--wait-seconds <n>', 'fair-share and lottery: how long a refused site counts as waiting')
    .option('--try', 'change nothing; say what it would have made of last week’s requests')
    .action(
      signedIn(io, async ({ client, settings }, agent: string, kind: string, options: PolicyOptions) => {
        const policy = policyOf(kind, options);
        if (options.try) {
          const trial = await client.agents.tryPolicy.query({ agent, policy });
          io.out(settings.json ? `${json(trial)}\n` : trialText(trial));
          return 0;
        }
        const view = await client.agents.setPolicy.mutate({ agent, policy });
        io.out(settings.json ? `${json(view)}\n` : `${view.name}: ${describePolicy(view.policy)}\n`);
        return 0;
      }),
    );
  agents
    .command('share <agent> <percent>')
    .description('the part of each node that it is to get, which its nodes hear of with their next heartbeat')
    .option('--degree <times>', 'how many times over it may promise that: 1 is none')
    .action(
      signedIn(io, async ({ client, settings }, agent: string, percent: string, options: { degree?: string }) => {
        const degree = options.degree === undefined ? {} : { degreeMilli: thousandths(options.degree, 1000, 'degree') };
        const view = await client.agents.setShare.mutate({
          agent,
          shareMilli: thousandths(percent, 10, 'percent'),
          ...degree,
        });
        io.out(settings.json ? `${json(view)}\n` : showText(view));
        return 0;
      }),
    );
  for (const [verb, adminSwitch, what] of SWITCHES)
    agents
      .command(`${verb} <agent>`)
      .description(what)
      .action(
        signedIn(io, async ({ client, settings }, agent: string) => {
          const view = await client.agents.setSwitch.mutate({ agent, adminSwitch });
          io.out(settings.json ? `${json(view)}\n` : `${view.name} is ${view.state}.\n`);
          return 0;
        }),
      );
}

const SWITCHES = [
  ['open', 'open', 'let it issue'],
  ['drain', 'draining', 'have it issue renewals only'],
  ['close', 'closed', 'have it issue nothing'],
] as const;

/** The policy that the options say. @throws Refused INVALID_INPUT */
export function policyOf(kind: string, options: PolicyOptions): PolicyChoice {
  const raw = {
    kind,
    ...(options.each && { each: Object.fromEntries(pairs(options.each, 'each')) }),
    ...(options.site && {
      sites: Object.fromEntries(
        pairs(options.site, 'site').map(([site, n]) => [site, kind === 'quota' ? { slivers: n } : n]),
      ),
    }),
    ...(options.weight !== undefined && { weight: Number(options.weight) }),
    ...(options.seed !== undefined && { seed: options.seed }),
    ...(options.drawSeconds !== undefined && { drawSeconds: Number(options.drawSeconds) }),
    ...(options.waitSeconds !== undefined && { waitSeconds: Number(options.waitSeconds) }),
  };
  const read = PolicyChoice.safeParse(raw);
  if (read.success) return read.data;
  const issue = read.error.issues[0];
  throw new Refused('INVALID_INPUT', {
    field: issue?.path.join('.') || 'kind',
    problem: issue?.message ?? 'not understood',
  });
}

function pairs(given: readonly string[], field: string): [string, number][] {
  return given.map((text) => {
    const at = text.lastIndexOf('=');
    if (at < 1) throw new Refused('INVALID_INPUT', { field, problem: `${text} is not <name>=<number>` });
    return [text.slice(0, at), Number(text.slice(at + 1))];
  });
}

function thousandths(text: string, times: number, field: string): number {
  const n = Math.round(Number(text) * times);
  if (!Number.isFinite(n)) throw new Refused('INVALID_INPUT', { field, problem: `${text} is not a number` });
  return n;
}

async function find(client: Client, name: string): Promise<AgentView> {
  const agent = (await client.agents.list.query()).find((one) => [one.name, one.urn, one.id].includes(name));
  if (!agent) throw new Refused('NOT_FOUND', { kind: 'agent', id: name });
  return agent;
}

const stateOf = (a: AgentView) => (a.here || a.state === 'revoked' ? a.state : `${a.state}, away`);
const partOf = (a: AgentView) =>
  `${formatNumber(a.shareMilli / 10)} %${a.degreeMilli > 1000 ? ` x ${formatNumber(a.degreeMilli / 1000)}` : ''}`;
const freeOf = (a: AgentView) => formatAmount('cpuMilli', Math.max(0, a.total.cpuMilli - a.claimed.cpuMilli));

function listText(all: readonly AgentView[]): string {
  return table(all, [
    { head: 'AGENT', cell: (a) => a.name },
    { head: 'STATE', cell: stateOf },
    { head: 'POLICY', cell: (a) => POLICY_NAMES[a.policy.kind] },
    { head: 'PART', cell: partOf, right: true },
    { head: 'NODES', cell: (a) => formatNumber(a.nodes), right: true },
    { head: 'ISSUED', cell: (a) => formatNumber(a.issued), right: true },
    { head: 'REDEEMED', cell: (a) => formatNumber(a.redeemed), right: true },
    { head: 'FREE CPU', cell: freeOf, right: true },
    { head: 'ADDRESS', cell: (a) => a.address },
  ]);
}

function showText(a: AgentView): string {
  const lines = [
    `${a.name} (${stateOf(a)}) at ${a.address}`,
    `  URN       ${a.urn}`,
    `  key       ${a.jkt}`,
    `  part      ${partOf(a)} of each of ${formatCount(a.nodes, 'node')}`,
    `  tickets   ${formatNumber(a.issued)} issued, ${formatNumber(a.redeemed)} redeemed; ${freeOf(a)} of ${formatAmount('cpuMilli', a.total.cpuMilli)} free`,
    `  policy    ${describePolicy(a.policy)}`,
  ];
  return `${lines.join('\n')}\n`;
}

function trialText(trial: PolicyTrial): string {
  if (trial.requests === 0) return 'Nothing was asked of it last week.\n';
  const lines = [
    `Of ${formatCount(trial.asked, 'sliver')} in ${formatCount(trial.requests, 'request')}, ${formatNumber(trial.would)} would have been given; ${formatNumber(trial.granted)} were.`,
    '',
    table(trial.sites, [
      { head: 'SITE', cell: (s) => s.site },
      { head: 'REQUESTS', cell: (s) => formatNumber(s.requests), right: true },
      { head: 'ASKED', cell: (s) => formatNumber(s.asked), right: true },
      { head: 'GIVEN', cell: (s) => formatNumber(s.granted), right: true },
      { head: 'WOULD BE', cell: (s) => formatNumber(s.would), right: true },
    ]),
  ];
  const shown = trial.denied.slice(0, 10);
  if (shown.length > 0)
    lines.push(
      '',
      `${formatCount(trial.deniedCount, 'request')} would have got less; the last:`,
      ...shown.map(
        (one) => `${one.at.toISOString()}  ${one.site}  ${one.would} of ${one.asked}: ${sentence(one.reason)}`,
      ),
    );
  return `${lines.join('\n')}\n`;
}
