'use client';
import { useQuery } from '@tanstack/react-query';
import { formatAmount } from '@/core/format/number';
import { describePolicy, POLICY_NAMES } from '@/core/granting/policy-words';
import type { AgentView } from '@/protocol/api/agents';
import type { Me } from '@/protocol/api/people';
import { Unread } from '../../refusal/refusal';
import { useTRPC } from '../../trpc/client';
import { useAddress } from '../../ui/address';
import { Empty } from '../../ui/empty';
import { count, plural } from '../../ui/format';
import { Meter } from '../../ui/meter';
import { Fact, Facts, Section } from '../../ui/page';
import { TableSkeleton } from '../../ui/skeleton';
import { StateMark, type Tone } from '../../ui/state-mark';
import { type Column, Table } from '../../ui/table';
import { Time } from '../../ui/time';
import { AgentActs } from './agent-acts';
import { AgentWish } from './agent-wish';
import { PolicyForm } from './policy-form';

const REFRESH_MS = 5_000;

/** An agent's state in a word: what an operator set, or that nobody hears of it. */
function standing(agent: AgentView): { tone: Tone; word: string } {
  if (agent.state === 'revoked') return { tone: 'failed', word: 'revoked' };
  if (!agent.here) return { tone: 'unknown', word: agent.lastSeenAt ? 'away' : 'not started' };
  if (agent.state === 'open') return { tone: 'running', word: 'open' };
  return agent.state === 'draining' ? { tone: 'degraded', word: 'draining' } : { tone: 'stopped', word: 'closed' };
}

const share = (agent: AgentView) =>
  `${count(agent.shareMilli / 10)} %${agent.degreeMilli > 1000 ? ` × ${count(agent.degreeMilli / 1000)}` : ''}`;
const free = (agent: AgentView) => Math.max(0, agent.total.cpuMilli - agent.claimed.cpuMilli);

const COLUMNS: readonly Column<AgentView>[] = [
  {
    id: 'name',
    header: 'Agent',
    width: 150,
    cell: (a) => <code className="font-medium">{a.name}</code>,
    sort: (a) => a.name,
  },
  {
    id: 'state',
    header: 'State',
    width: 120,
    cell: (a) => <StateMark tone={standing(a).tone}>{standing(a).word}</StateMark>,
    sort: (a) => standing(a).word,
  },
  { id: 'policy', header: 'Policy', width: 150, cell: (a) => POLICY_NAMES[a.policy.kind], sort: (a) => a.policy.kind },
  { id: 'part', header: 'Part', width: 90, align: 'right', from: 'sm', cell: share, sort: (a) => a.shareMilli },
  {
    id: 'nodes',
    header: 'Nodes',
    width: 80,
    align: 'right',
    from: 'sm',
    cell: (a) => count(a.nodes),
    sort: (a) => a.nodes,
  },
  {
    id: 'issued',
    header: 'Issued',
    width: 80,
    align: 'right',
    from: 'md',
    cell: (a) => count(a.issued),
    sort: (a) => a.issued,
  },
  {
    id: 'redeemed',
    header: 'Redeemed',
    width: 112,
    align: 'right',
    from: 'md',
    cell: (a) => count(a.redeemed),
    sort: (a) => a.redeemed,
  },
  {
    id: 'free',
    header: 'Free CPU',
    width: 120,
    align: 'right',
    from: 'lg',
    cell: (a) => formatAmount('cpuMilli', free(a)),
    sort: free,
  },
  { id: 'address', header: 'Address', from: 'lg', cell: (a) => <code className="text-soft">{a.address}</code> },
];

/** The deployment's agents; one of them opened below the list: what it may give out, how it decides, and what else it could do. */
export function AgentsView({ me }: { me: Me }) {
  const trpc = useTRPC();
  const list = useQuery(trpc.agents.list.queryOptions(undefined, { refetchInterval: REFRESH_MS }));
  const [name, setName] = useAddress('agent', '');
  if (list.isPending) return <TableSkeleton rows={2} />;
  if (list.isError && !list.data)
    return <Unread error={list.error} onRetry={() => void list.refetch()} what="The agents" />;
  const agents = list.data;
  const open = agents.find((agent) => agent.name === name) ?? agents[0];
  if (!open)
    return (
      <Empty title="No agent has started yet">
        An agent holds the authority that nodes delegated to it and issues tickets from it, by a policy of its own.
        Start one with <code className="font-mono">meridian agent</code>.
      </Empty>
    );
  return (
    <div className="flex flex-col gap-8">
      <Table
        caption="The deployment’s agents"
        columns={COLUMNS}
        onOpen={(agent) => setName(agent.name)}
        rowKey={(agent) => agent.id}
        rows={agents}
      />
      <Agent
        agent={open}
        key={`${open.id} ${JSON.stringify(open.policy)} ${open.shareMilli} ${open.degreeMilli}`}
        operator={me.person.operator}
      />
    </div>
  );
}

function Agent({ agent, operator }: { agent: AgentView; operator: boolean }) {
  const { total, claimed } = agent;
  const cores = (n: number) => count(Math.round(n / 100) / 10);
  const gib = (n: number) => count(Math.round(n / 102.4) / 10);
  return (
    <section aria-label={`Agent ${agent.name}`} className="flex flex-col gap-8">
      <Section aside={describePolicy(agent.policy)} title={<code>{agent.name}</code>}>
        <div className="grid gap-x-10 gap-y-4 lg:grid-cols-2">
          <Facts>
            <Fact name="URN">
              <code className="wrap-anywhere">{agent.urn}</code>
            </Fact>
            <Fact name="Since">
              <Time at={agent.since} />
            </Fact>
            <Fact name="Last seen">{agent.lastSeenAt ? <Time at={agent.lastSeenAt} /> : 'never'}</Fact>
            <Fact name="Address">
              <code>{agent.address}</code>
            </Fact>
            <Fact name="Key">
              <code className="wrap-anywhere">{agent.jkt}</code>
            </Fact>
          </Facts>
          <div className="flex flex-col gap-4">
            <Meter format={cores} label="CPU given out" limit={total.cpuMilli} unit="cores" used={claimed.cpuMilli} />
            <Meter format={gib} label="Memory given out" limit={total.memoryMiB} unit="GiB" used={claimed.memoryMiB} />
            <p className="text-soft text-table">
              {plural(agent.nodes, 'node delegates', 'nodes delegate')} to it. {plural(agent.redeemed, 'lease')} under
              its tickets {agent.redeemed === 1 ? 'runs' : 'run'}; {plural(agent.issued, 'further ticket')} can be
              redeemed.
            </p>
          </div>
        </div>
      </Section>
      {operator && agent.state !== 'revoked' && (
        <>
          <Section title="What it gets">
            <AgentWish agent={agent} />
          </Section>
          <Section title="How it grants">
            <PolicyForm agent={agent} />
          </Section>
          <Section title="Its key">
            <AgentActs agent={agent} />
          </Section>
        </>
      )}
    </section>
  );
}
