import { type Command, Option } from 'commander';
import { formatNumber } from '@/core/format/number';
import { sentence } from '@/core/refusal-sentence';
import { fleetDocument } from '../fleet-document';
import { importFile } from '../import-file';
import { json, table } from '../print';
import { reportText } from '../report-text';
import { type Io, signedIn } from '../run';

/** `meridian fleet import|list`, `node enrol-token`. Gives the command `node`, for others to add to. */
export function fleetCommands(program: Command, io: Io): Command {
  const fleet = program.command('fleet').description('the nodes of this deployment');
  fleet
    .command('list', { isDefault: true })
    .description('list nodes')
    .option('--country <code>', 'only nodes of this country (two letters)')
    .option('--site <login base>', 'only nodes of this site')
    .option('--room', 'only nodes that take a sliver now')
    .action(
      signedIn(io, async ({ client, settings }, options: { country?: string; site?: string; room?: boolean }) => {
        const country = options.country?.toUpperCase();
        const nodes = (await client.fleet.nodes.query()).filter(
          (node) =>
            (!country || node.country === country) &&
            (!options.site || node.site === options.site) &&
            (!options.room || !node.unusable),
        );
        if (settings.json) io.out(`${json(nodes)}\n`);
        else {
          type Row = (typeof nodes)[number];
          const columns = [
            { head: 'NODE', cell: (row: Row) => row.hostname },
            { head: 'SITE', cell: (row: Row) => row.site },
            { head: 'COUNTRY', cell: (row: Row) => row.country ?? '–' },
            { head: 'BOOT', cell: (row: Row) => row.bootState },
            { head: 'REACHABLE', cell: (row: Row) => row.reachability },
            { head: 'SLIVERS', cell: (row: Row) => String(row.slivers), right: true },
            { head: 'KIND', cell: (row: Row) => (row.simulated ? 'simulated' : 'real') },
            { head: 'WHY NOT USABLE', cell: (row: Row) => (row.unusable ? sentence(row.unusable, Date.now()) : '') },
          ];
          io.out(`${table(nodes, columns)}\n${formatNumber(nodes.length)} nodes\n`);
        }
        return 0;
      }),
    );
  fleet
    .command('document')
    .description('the whole fleet as one document: nodes, places, capacity, what is free, delegations')
    .addOption(
      new Option('--format <form>', 'json, or xml (a GENI advertisement)').choices(['json', 'xml']).default('json'),
    )
    .action(
      signedIn(io, async ({ settings }, { format }: { format: 'json' | 'xml' }) => {
        io.out(await fleetDocument(settings, format));
        return 0;
      }),
    );
  fleet
    .command('import <file>')
    .description('import nodes from an RSpec advertisement')
    .action(
      signedIn(io, async ({ settings }, file: string) => {
        const show = process.stderr.isTTY && !settings.json;
        const report = await importFile(settings, file, ({ sent, size, nodes }) => {
          if (show)
            io.err(
              `\r\u001b[K${Math.floor((sent / Math.max(1, size)) * 100)} % sent, ${formatNumber(nodes)} nodes read`,
            );
        });
        if (show) io.err('\r\u001b[K');
        io.out(settings.json ? `${json(report)}\n` : reportText(report));
        return 0;
      }),
    );

  const node = program.command('node').description('one node');
  node
    .command('enrol-token <urn>')
    .description('make a one-time token with which a node manager enrols as this node')
    .action(
      signedIn(io, async ({ client, settings }, urn: string) => {
        const answer = await client.fleet.enrolmentToken.mutate({ urn });
        if (settings.json) io.out(`${json(answer)}\n`);
        else {
          io.out(`${answer.token}\n`);
          io.err(
            `Works once, until ${answer.expiresAt.toISOString()}. On the machine: MERIDIAN_NODE_TOKEN=<token> npm run meridian -- node\n`,
          );
        }
        return 0;
      }),
    );
  return node;
}
