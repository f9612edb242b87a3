import type { Command } from 'commander';
import { Refused } from '@/core/errors';
import { formatCount } from '@/core/format/number';
import type { FlowsAnswer, PortList } from '@/protocol/api/network';
import { nodeNamed } from '../node-named';
import { json, plain, table } from '../print';
import { type Io, signedIn } from '../run';

const PROTOCOLS = ['tcp', 'udp', 'icmp', 'icmpv6', 'sctp', 'gre'] as const;

type End = { address: string; port: number };

/** `meridian port list|publish|remove`, `node flows`. */
export function networkCommands(program: Command, io: Io, node: Command): void {
  const port = program.command('port').description('ports of a node that lead to a sliver');
  port
    .command('list <slice> <node>')
    .description('the published ports of the sliver of a slice on a node')
    .action(
      signedIn(io, async ({ client, settings }, name: string, at: string) => {
        const answer = await client.ports.list.query({ name, node: at });
        io.out(settings.json ? `${json(answer)}\n` : portTable(answer));
        return 0;
      }),
    );
  port
    .command('publish <slice> <node> <port>')
    .description('publish a port of the sliver: meridian port publish ucb_ocean this-machine 80/tcp')
    .option('--external <port>', "the node's port (else the node chooses)")
    .option('--from <prefixes>', 'only for these, with commas: 192.0.2.0/24,2001:db8::/32')
    .action(
      signedIn(
        io,
        async (
          { client, settings },
          name: string,
          at: string,
          spec: string,
          options: { external?: string; from?: string },
        ) => {
          const { protocol, number } = portSpec(spec, 'port');
          const sources = (options.from ?? '').split(',').filter(Boolean);
          const external = options.external === undefined ? undefined : portSpec(options.external, '--external').number;
          const answer = await client.ports.publish.mutate({
            name,
            node: at,
            protocol,
            internal: number,
            sources,
            ...(external !== undefined && { external }),
          });
          io.out(settings.json ? `${json(answer)}\n` : portTable(answer));
          return 0;
        },
      ),
    );
  port
    .command('remove <slice> <node> <port>')
    .description(
      "withdraw a published port, named by the node's: meridian port remove ucb_ocean this-machine 30080/tcp",
    )
    .action(
      signedIn(io, async ({ client, settings }, name: string, at: string, spec: string) => {
        const { protocol, number } = portSpec(spec, 'port');
        const answer = await client.ports.remove.mutate({ name, node: at, protocol, external: number });
        io.out(settings.json ? `${json(answer)}\n` : portTable(answer));
        return 0;
      }),
    );

  node
    .command('flows <node>')
    .description('who sent this? Which slice and people some traffic of a node leads to')
    .requiredOption('--at <time>', 'when it was seen, as 2026-01-15T14:00:05Z')
    .option('--src-port <port>', "the node's port that the other one saw")
    .option('--dst <address>', 'the other one')
    .option('--dst-port <port>', "the other one's port")
    .option('--protocol <name>', 'tcp, udp, icmp or icmpv6')
    .option('--tolerance <seconds>', 'how far clocks may differ', '5')
    .action(
      signedIn(
        io,
        async (
          { client, settings },
          name: string,
          options: {
            at: string;
            srcPort?: string;
            dst?: string;
            dstPort?: string;
            protocol?: string;
            tolerance: string;
          },
        ) => {
          const at = new Date(options.at);
          if (Number.isNaN(at.getTime()))
            throw new Refused('INVALID_INPUT', { field: '--at', problem: 'give a time as 2026-01-15T14:00:05Z' });
          const protocol = PROTOCOLS.find((known) => known === options.protocol);
          if (options.protocol !== undefined && !protocol)
            throw new Refused('INVALID_INPUT', { field: '--protocol', problem: `is one of ${PROTOCOLS.join(', ')}` });
          const one = await nodeNamed(client, name);
          const answer = await client.fleet.flows.mutate({
            id: one.id,
            at: at.toISOString(),
            toleranceSeconds: Number(options.tolerance),
            ...(options.srcPort !== undefined && { sourcePort: Number(options.srcPort) }),
            ...(options.dst !== undefined && { destination: options.dst }),
            ...(options.dstPort !== undefined && { destinationPort: Number(options.dstPort) }),
            ...(protocol && { protocol }),
          });
          io.out(settings.json ? `${json(answer)}\n` : flowTable(answer));
          return answer.flows.length > 0 ? 0 : 1; // as grep(1)
        },
      ),
    );
}

/** "80/tcp", or "80" for TCP. */
function portSpec(text: string, field: string): { number: number; protocol: 'tcp' | 'udp' } {
  const [, digits, protocol = 'tcp'] = /^(\d{1,5})(?:\/(tcp|udp))?$/.exec(text) ?? [];
  const number = Number(digits);
  if (!(number >= 1 && number <= 65_535))
    throw new Refused('INVALID_INPUT', { field, problem: `${plain(text)} is no port: give one as 80/tcp` });
  return { number, protocol: protocol === 'udp' ? 'udp' : 'tcp' };
}

function portTable(answer: PortList): string {
  const range = answer.range ? `its slivers may publish ${answer.range.from} to ${answer.range.to}` : 'none may be';
  if (answer.ports.length === 0) return `No port of ${plain(answer.hostname)} is published; ${range}.\n`;
  type Row = PortList['ports'][number];
  const columns = [
    { head: 'AT', cell: (row: Row) => `${answer.host ?? answer.hostname}:${row.external}` },
    { head: 'LEADS TO', cell: (row: Row) => `${row.internal}/${row.protocol}` },
    { head: 'FOR', cell: (row: Row) => row.sources.join(', ') || 'everybody' },
  ];
  return `${table(answer.ports, columns)}\n`;
}

function flowTable(answer: FlowsAnswer): string {
  const notes = [
    ...answer.gaps.map((gap) => `Nobody watched from ${gap.from} to ${gap.to}: something may be missing.`),
    ...(answer.truncated ? ['There are more: narrow the question.'] : []),
    answer.since ? `Records go back to ${answer.since}.` : 'Nothing is recorded yet.',
  ];
  const end = ({ address, port: number }: End) =>
    address.includes(':') ? `[${address}]:${number}` : `${address}:${number}`;
  type Row = FlowsAnswer['flows'][number];
  const columns = [
    {
      head: 'SLICE',
      cell: (row: Row) => `${row.sliceName ?? row.slice}${row.sliceState === 'deleted' ? ' (deleted)' : ''}`,
    },
    { head: 'PEOPLE', cell: (row: Row) => row.people.map((person) => person.email).join(', ') || row.user },
    { head: 'BEGUN', cell: (row: Row) => row.begun },
    { head: 'ENDED', cell: (row: Row) => row.ended ?? '–' },
    { head: 'WHAT', cell: (row: Row) => row.protocol },
    { head: 'NODE', cell: (row: Row) => end(row.outside) },
    { head: '', cell: (row: Row) => (row.direction === 'out' ? '→' : '←') },
    { head: 'OTHER', cell: (row: Row) => end(row.peer) },
  ];
  const found = answer.flows.length > 0 ? table(answer.flows, columns) : 'No flow of a sliver matches.';
  return `${found}\n${formatCount(answer.flows.length, 'flow')}. ${notes.join(' ')}\n`;
}
