import type { Command } from 'commander';
import { Refused } from '@/core/errors';
import { formatCount } from '@/core/format/number';
import type { Client } from '../client';
import { nodeNamed } from '../node-named';
import { json, plain } from '../print';
import { type Io, signedIn } from '../run';

const several = (value: string, before: string[] = []) => [...before, value];

/** A whole number from an option. @throws Refused INVALID_INPUT */
function wholeNumber(field: string, text: string, least: number): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < least)
    throw new Refused('INVALID_INPUT', { field, problem: `give a whole number from ${least} up` });
  return n;
}

/** `meridian slice grow|shrink|move|renew`. */
export function sliceChangeCommands(slice: Command, io: Io): void {
  slice
    .command('grow <name> [count]')
    .description('ask for more slivers: so many that the broker chooses, and nodes that you pick')
    .option('--pick <node>', 'this node too (may be repeated)', several)
    .option('--country <code>', 'the chosen ones only there, as CH (may be repeated)', several)
    .option('--reason <text>', 'for the PI; not needed within what was approved before', '')
    .action(
      signedIn(
        io,
        async (
          { client, settings },
          name: string,
          count: string | undefined,
          options: { pick?: string[]; country?: string[]; reason: string },
        ) => {
          const picked = await Promise.all(
            (options.pick ?? []).map(async (node) => (await nodeNamed(client, node)).urn),
          );
          const answer = await client.changes.grow.mutate({
            name,
            count: count === undefined ? 0 : wholeNumber('count', count, 0),
            picked,
            onlyCountries: (options.country ?? []).map((code) => code.toUpperCase()),
            reason: options.reason,
          });
          if (settings.json) io.out(`${json(answer)}\n`);
          else {
            const what = `from ${answer.from} to ${formatCount(answer.to, 'sliver')}`;
            io.out(
              answer.at === 'once'
                ? `${name} grows ${what}.\n`
                : `Asked for: ${name} grows ${what} once a PI approves.\n`,
            );
          }
          return 0;
        },
      ),
    );
  slice
    .command('shrink <name> [nodes...]')
    .description('give up the slivers on these nodes, or so many by --by; what is stored on them is lost')
    .option('--by <count>', 'so many: what failed and what is away first, then where the slice has most')
    .action(
      signedIn(io, async ({ client, settings }, name: string, nodes: string[], options: { by?: string }) => {
        if ((options.by === undefined) === (nodes.length === 0))
          throw new Refused('INVALID_INPUT', { field: '--by', problem: 'name nodes, or give --by with a number' });
        const which =
          options.by === undefined
            ? { slivers: await sliversOn(client, name, nodes) }
            : { by: wholeNumber('--by', options.by, 1) };
        const answer = await client.changes.shrink.mutate({ name, ...which });
        if (settings.json) io.out(`${json(answer)}\n`);
        else {
          for (const v of answer.givenUp)
            io.out(`${plain(v.hostname)}  ${v.why}${v.later ? ', leaves when it is back' : ''}\n`);
          const { from, to } = answer.minimum;
          io.out(
            `${name} has ${formatCount(answer.to, 'sliver')}; before ${answer.from}.${from === to ? '' : ` Worth having with ${to} now.`}\n`,
          );
        }
        return 0;
      }),
    );
  slice
    .command('move <name> [nodes...]')
    .description('move slivers off nodes: each new one runs before the old one goes; files do not move')
    .option('--to <node>', 'to this node; for one sliver')
    .option('--off-site <site>', 'all that are at this site, to others (may be repeated)', several)
    .option('--failed', 'also those that failed with nothing in their place')
    .action(
      signedIn(
        io,
        async (
          { client, settings },
          name: string,
          nodes: string[],
          options: { to?: string; offSite?: string[]; failed?: boolean },
        ) => {
          const to = options.to === undefined ? {} : { to: (await nodeNamed(client, options.to)).urn };
          const answer = await client.changes.move.mutate({
            name,
            slivers: await sliversOn(client, name, nodes),
            offSites: options.offSite ?? [],
            failed: options.failed ?? false,
            ...to,
          });
          if (settings.json) io.out(`${json(answer)}\n`);
          else if (answer.moves.length === 0) io.out('They are on their way already.\n');
          else {
            const rest = answer.moves.length - answer.atOnce;
            io.out(
              `${formatCount(answer.moves.length, 'sliver')} on the way${rest > 0 ? `, ${answer.atOnce} at once` : ''}: ${answer.moves.map((m) => plain(m.hostname)).join(', ')}\n`,
            );
          }
          return 0;
        },
      ),
    );
  slice
    .command('renew <name>')
    .description('ask for more time, from the present end on')
    .requiredOption('--days <days>', 'so many days more')
    .requiredOption('--reason <text>', 'why: the PI reads it')
    .action(
      signedIn(io, async ({ client, settings }, name: string, options: { days: string; reason: string }) => {
        const days = Number(options.days);
        if (!(days > 0)) throw new Refused('INVALID_INPUT', { field: '--days', problem: 'give a number of days' });
        const view = await client.slices.renew.mutate({
          name,
          termSeconds: Math.round(days * 86_400),
          reason: options.reason,
        });
        if (settings.json) io.out(`${json(view)}\n`);
        else {
          const latest = view.latestEnd
            ? ` With all renewals it lasts until ${view.latestEnd.toISOString()} at most.`
            : '';
          io.out(`Asked for; a PI decides.${latest}\n`);
        }
        return 0;
      }),
    );
}

/** The slivers that the slice has on these nodes, by hostname, URN or node id. @throws Refused NOT_FOUND */
async function sliversOn(client: Client, name: string, nodes: readonly string[]): Promise<string[]> {
  if (nodes.length === 0) return [];
  const rows = (await client.slices.slivers.query({ name })).filter(
    (row) => row.goneAt === null || row.reported === 'failed',
  );
  return nodes.map((wanted) => {
    const found = rows.findLast(
      ({ node, givenUpAt }) => givenUpAt === null && [node.hostname, node.urn, node.id].includes(wanted),
    );
    if (!found) throw new Refused('NOT_FOUND', { kind: 'sliver', id: wanted });
    return found.id;
  });
}
