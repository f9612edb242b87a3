import { sentence } from '@/core/refusal-sentence';
import { decodeUnverified } from '@/protocol/statement/verify';
import { json, table } from '../print';
import type { Io } from '../run';
import type { ServiceManager } from '../svm/manager';
import { readAll } from '../svm/nodes';
import type { Place } from '../svm/state';
import type { SvmCommand, SvmOptions, WithManager } from './svm';

type Column<Row> = { head: string; cell: (row: Row) => string; right?: boolean };
const iso = (seconds: number) => new Date(seconds * 1000).toISOString();

/** The commands that only look. */
export function svmReading(command: SvmCommand, withManager: WithManager, io: Io): void {
  const show = <Row>(asJson: boolean, rows: readonly Row[], columns: Column<Row>[]) => {
    io.out(asJson ? `${json(rows)}\n` : `${table(rows, columns)}\n`);
    return 0;
  };
  const places = (manager: ServiceManager, slice: string | undefined) =>
    manager.store.state.slices
      .filter((one) => !slice || one.name === slice || one.urn === slice)
      .flatMap((one) => one.places.map((place) => ({ ...place, slice: one.name, urn: one.urn })));
  type Held = ReturnType<typeof places>[number];

  command('nodelist', 'the nodes that agents offer now, one a line').action(
    withManager(async (manager, given, _: SvmOptions) => {
      const nodes = [
        ...new Set((await manager.advertisements()).flatMap(({ ads }) => ads.map((ad) => ad.node))),
      ].sort();
      io.out(given.json ? `${json(nodes)}\n` : `${nodes.join('\n')}\n`);
      return 0;
    }),
  );
  command('getads', 'what agents offer: nodes with what is free')
    .option('--all', 'also nodes that take nothing now')
    .action(
      withManager(async (manager, given, options: SvmOptions & { all?: boolean }) => {
        const ads = (await manager.advertisements(options.all)).flatMap(({ agent, ads }) =>
          ads.map((ad) => ({ agent: agent.urn, ...ad })),
        );
        type Row = (typeof ads)[number];
        return show(given.json, ads, [
          { head: 'NODE', cell: (row: Row) => row.node },
          { head: 'COUNTRY', cell: (row: Row) => row.country ?? '–' },
          { head: 'CPU', cell: (row: Row) => `${row.free.cpuMilli}/${row.capacity.cpuMilli}`, right: true },
          { head: 'MEMORY MIB', cell: (row: Row) => `${row.free.memoryMiB}/${row.capacity.memoryMiB}`, right: true },
          { head: 'REACHABLE', cell: (row: Row) => row.reachability },
          { head: 'KIND', cell: (row: Row) => (row.simulated ? 'simulated' : 'real') },
        ]);
      }),
    );
  command('getslices', 'the slices that you run yourself, and what was approved for each').action(
    withManager(async (manager, given, _: SvmOptions) => {
      const slices = await manager.slices();
      type Row = (typeof slices)[number];
      return show(given.json, slices, [
        { head: 'SLICE', cell: (row: Row) => row.name },
        { head: 'STATE', cell: (row: Row) => row.state },
        { head: 'NODES', cell: (row: Row) => `${row.held}/${row.slivers}`, right: true },
        { head: 'UNTIL', cell: (row: Row) => row.endsAt ?? '–' },
      ]);
    }),
  );
  command('gettickets [slice]', 'tickets that were issued to this key and are not over, as agents list them').action(
    withManager(async (manager, given, name: string | undefined, _: SvmOptions) => {
      const slice = name === undefined ? undefined : (await manager.slice(name)).urn;
      const all = [];
      for (const agent of manager.agents)
        for (let after: string | undefined; ; ) {
          const ask = { ...(slice !== undefined && { slice }), ...(after !== undefined && { after }) };
          const page = await manager.agent(agent).ownTickets.query(ask, { signal: manager.signal });
          all.push(...page.tickets);
          if (page.next === null) break;
          after = page.next;
        }
      type Row = (typeof all)[number];
      return show(given.json, all, [
        { head: 'NODE', cell: (row: Row) => row.node },
        { head: 'SLICE', cell: (row: Row) => row.slice },
        { head: 'STATE', cell: (row: Row) => row.state },
        { head: 'REDEEM BEFORE', cell: (row: Row) => row.redeemBefore },
        { head: 'TICKET', cell: (row: Row) => row.jti },
      ]);
    }),
  );
  command('getleases [slice]', 'leases that are held here, with and without slivers').action(
    withManager((manager, given, slice: string | undefined, _: SvmOptions) => {
      const rows = places(manager, slice).filter((one) => one.lease);
      return show(given.json, rows, [
        { head: 'NODE', cell: (row: Held) => row.node },
        { head: 'SLICE', cell: (row: Held) => row.slice },
        { head: 'SLIVER', cell: (row: Held) => (row.leaving ? 'leaving' : row.sliver ? 'yes' : 'none yet') },
        { head: 'UNTIL', cell: (row: Held) => iso(row.lease?.end ?? 0) },
      ]);
    }),
  );
  const asked = async (manager: ServiceManager, of: readonly Held[]) =>
    await readAll(of, (place: Place) => {
      const { urn } = of.find((one) => one.node === place.node && one === place) ?? { urn: '' };
      return manager.node(place).sliver.query({ slice: urn }, { signal: manager.signal });
    });
  command('getslivers [slice]', 'slivers, as their nodes say now').action(
    withManager(async (manager, given, slice: string | undefined, _: SvmOptions) => {
      const rows = await asked(
        manager,
        places(manager, slice).filter((one) => one.lease),
      );
      const told = rows.map(({ place, answer, reason }) => ({
        node: place.node,
        slice: answer?.slice ?? null,
        state: answer?.state ?? 'unknown',
        reason: answer ? answer.reason : reason,
        until: answer?.lease.end ?? null,
      }));
      type Row = (typeof told)[number];
      return show(given.json, told, [
        { head: 'NODE', cell: (row: Row) => row.node },
        { head: 'STATE', cell: (row: Row) => row.state },
        { head: 'UNTIL', cell: (row: Row) => row.until ?? '–' },
        { head: 'WHY', cell: (row: Row) => (row.reason ? sentence(row.reason, Date.now()) : '') },
      ]);
    }),
  );
  command('getprinciple <slice>', 'whose a slice is on each node: person and key, by the node’s signed lease').action(
    withManager((manager, given, slice: string, _: SvmOptions) => {
      const rows = places(manager, slice).flatMap((one) => {
        if (!one.lease) return [];
        const { sub, cnf } = decodeUnverified('lease+jwt', one.lease.text).claims;
        return [{ node: one.node, principal: sub, key: cnf.jkt }];
      });
      type Row = (typeof rows)[number];
      return show(given.json, rows, [
        { head: 'NODE', cell: (row: Row) => row.node },
        { head: 'PRINCIPAL', cell: (row: Row) => row.principal },
        { head: 'KEY', cell: (row: Row) => row.key },
      ]);
    }),
  );
  command('getsshkeys <slice>', 'the keys that each node lets in').action(
    withManager(async (manager, given, slice: string, _: SvmOptions) => {
      const held = places(manager, slice).filter((one) => one.lease);
      const urn = held[0]?.urn ?? '';
      const rows = await readAll(held, (place) =>
        manager.node(place).keys.query({ slice: urn }, { signal: manager.signal }),
      );
      const told = rows.map(({ place, answer, reason }) => ({ node: place.node, keys: answer?.keys ?? [], reason }));
      type Row = (typeof told)[number];
      return show(given.json, told, [
        { head: 'NODE', cell: (row: Row) => row.node },
        { head: 'KEYS', cell: (row: Row) => String(row.keys.length), right: true },
        { head: '', cell: (row: Row) => (row.reason ? sentence(row.reason, Date.now()) : row.keys.join(' · ')) },
      ]);
    }),
  );
  command('expirations', 'when slices and leases end, the soonest first').action(
    withManager(async (manager, given, _: SvmOptions) => {
      const rows = [
        ...(await manager.slices()).flatMap(({ name, endsAt }) =>
          endsAt ? [{ at: endsAt, slice: name, what: 'slice' }] : [],
        ),
        ...places(manager, undefined).flatMap(({ slice, node, lease, ticket }) => [
          ...(lease ? [{ at: iso(lease.end), slice, what: `lease on ${node}` }] : []),
          ...(ticket ? [{ at: ticket.redeemBefore, slice, what: `ticket for ${node}` }] : []),
        ]),
      ].sort((a, b) => (a.at < b.at ? -1 : 1));
      type Row = (typeof rows)[number];
      return show(given.json, rows, [
        { head: 'ENDS', cell: (row: Row) => row.at },
        { head: 'SLICE', cell: (row: Row) => row.slice },
        { head: 'WHAT', cell: (row: Row) => row.what },
      ]);
    }),
  );
}
