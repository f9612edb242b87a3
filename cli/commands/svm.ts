import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { Refused } from '@/core/errors';
import { formatNumber } from '@/core/format/number';
import { KeyLine } from '@/protocol/node-manager/schemas';
import { action, type Io } from '../run';
import { dataFolder, type Settings } from '../settings';
import { svmFolder } from '../svm/folder';
import { type Outcome, ServiceManager } from '../svm/manager';
import { isOver, makeSlivers, pushKeys, redeemAll, releaseLeaving } from '../svm/nodes';
import { printOutcomes } from '../svm/print-outcomes';
import type { SliceState } from '../svm/state';
import { newTickets, renewalTickets, type Wanted } from '../svm/tickets';
import { svmReading } from './svm-read';

const WAIT_SECONDS = 300;

export type SvmOptions = { state?: string; wait: number };
/** A command of `svm`, over an opened folder. */
export type SvmCommand = (name: string, description: string) => Command;
type Act<Args extends unknown[]> = (
  manager: ServiceManager,
  given: Settings,
  ...args: Args
) => Promise<number | undefined> | number;
export type WithManager = <Args extends unknown[]>(
  act: Act<Args>,
) => (...args: [...Args, unknown, Command]) => Promise<void>;

/** `meridian svm …`: what the deployment's service manager does, for slices that one runs by oneself (docs/own-service-manager.md). */
export function svmCommands(program: Command, io: Io): void {
  const svm = program
    .command('svm')
    .description('your own service manager: tickets, leases and slivers of slices that you run');
  const command: SvmCommand = (name, description) =>
    svm
      .command(name)
      .description(description)
      .option('--state <folder>', 'where the key and what is held are kept (else MERIDIAN_SVM)')
      .option('--wait <seconds>', 'how long to go on at most', seconds, WAIT_SECONDS);
  const withManager = <Args extends unknown[]>(act: Act<Args>) =>
    action<Args>(io, async (given, ...args) => {
      const { state, wait } = args.at(-1) as SvmOptions; // commander's options stand last
      const manager = await ServiceManager.open(state ?? svmFolder(dataFolder()), wait * 1000);
      try {
        return await act(manager, given, ...args);
      } finally {
        await manager.close();
      }
    });
  const told = (given: Settings, outcomes: readonly Outcome[]) => printOutcomes(io, given.json, outcomes);

  type TicketOptions = { count?: number; node?: string[]; country?: string[]; hours?: number; partial?: boolean };
  const ticketOptions = (of: Command) =>
    of
      .option('--count <n>', 'on so many nodes in all (else as many as were approved)', count)
      .option('--node <urn...>', 'on these nodes')
      .option('--country <code...>', 'only on nodes of these countries')
      .option('--hours <n>', 'for so long (else to the slice’s end)', count)
      .option('--partial', 'keep what there is when nodes are short');
  const wanted = ({ count: n, node, country, hours, partial }: TicketOptions): Wanted => ({
    count: n ?? null,
    nodes: node ?? [],
    countries: (country ?? []).map((code) => code.toUpperCase()),
    end: hours === undefined ? null : Math.floor(Date.now() / 1000) + hours * 3600,
    partial: partial ?? false,
  });

  ticketOptions(command('newtickets <slice>', 'get tickets, all or none')).action(
    withManager(async (manager, given, name: string, options: TicketOptions & SvmOptions) =>
      told(given, await newTickets(manager, await manager.slice(name), wanted(options))),
    ),
  );
  command('newleases <slice>', 'redeem tickets for leases without slivers').action(
    withManager(async (manager, given, name: string, _: SvmOptions) =>
      told(given, await redeemAll(manager, held(manager, name), false)),
    ),
  );
  command('newvms <slice>', 'make the slivers of leases that have none, and of tickets that are left').action(
    withManager(async (manager, given, name: string, _: SvmOptions) =>
      told(given, await slivers(manager, held(manager, name))),
    ),
  );
  ticketOptions(command('createslice <slice>', 'tickets, leases, slivers and keys in one'))
    .option('--key <file...>', 'public keys that get in')
    .action(
      withManager(async (manager, given, name: string, options: TicketOptions & SvmOptions & { key?: string[] }) => {
        const slice = await manager.slice(name);
        const state = manager.store.of(slice);
        state.keys = [...new Set([...state.keys, ...(options.key ?? []).flatMap(keysIn)])];
        const problems = (await newTickets(manager, slice, wanted(options))).filter((one) => !one.ok);
        return told(given, [...(await slivers(manager, state)), ...problems]);
      }),
    );
  command('renewslice <slice>', 'renew leases: tickets to the slice’s present end, each taken to its node')
    .option('--hours <n>', 'only for so long from now', count)
    .action(
      withManager(async (manager, given, name: string, options: SvmOptions & { hours?: number }) => {
        const state = held(manager, name);
        const end = options.hours === undefined ? null : Math.floor(Date.now() / 1000) + options.hours * 3600;
        const refused = (await renewalTickets(manager, await manager.slice(name), end)).filter((one) => !one.ok);
        return told(given, [...(await redeemAll(manager, state, true)), ...refused]);
      }),
    );
  command('deleteslice <slice>', 'release everything, and burn what was not redeemed')
    .option('--node <urn...>', 'only on these nodes')
    .action(
      withManager(async (manager, given, name: string, options: SvmOptions & { node?: string[] }) => {
        const state = held(manager, name);
        const { node } = options;
        for (const place of state.places) if (!node || node.includes(place.node)) place.leaving = true;
        if (!node) state.keys = [];
        manager.store.save(); // from here on nothing is redeemed any more
        return told(given, await releaseLeaving(manager, state));
      }),
    );
  command('addkey <slice> <file>', 'let a public key in, on every node').action(
    withManager(async (manager, given, name: string, file: string, _: SvmOptions) => {
      const state = manager.store.of(await manager.slice(name));
      return told(given, await setKeys(manager, state, [...state.keys, ...keysIn(file)]));
    }),
  );
  command('delkey <slice> <file>', 'let a public key in no more').action(
    withManager(async (manager, given, name: string, file: string, _: SvmOptions) => {
      const gone = new Set(keysIn(file).map(body));
      const state = held(manager, name);
      return told(
        given,
        await setKeys(
          manager,
          state,
          state.keys.filter((key) => !gone.has(body(key))),
        ),
      );
    }),
  );
  command('nukekeys <slice>', 'let nobody in').action(
    withManager(async (manager, given, name: string, _: SvmOptions) =>
      told(given, await setKeys(manager, held(manager, name), [])),
    ),
  );
  command('clean', 'forget what is over: tickets that nobody takes any more, leases that ended').action(
    withManager(async (manager, given, _: SvmOptions) => {
      const { state } = manager.store;
      let gone = 0;
      for (const slice of state.slices) {
        const before = slice.places.length;
        slice.places = slice.places.filter((place) => !isOver(place));
        for (const place of slice.places)
          if (place.ticket && Date.parse(place.ticket.redeemBefore) + 300_000 < Date.now()) place.ticket = null;
        if (slice.places.length === 0) slice.keys = [];
        gone += before - slice.places.length;
      }
      const left = await Promise.all(state.slices.map((slice) => releaseLeaving(manager, slice)));
      manager.store.save();
      if (!given.json) io.out(`${formatNumber(gone)} forgotten.\n`);
      return printOutcomes(given.json ? io : { ...io, out: () => {} }, given.json, left.flat(), { forgotten: gone });
    }),
  );
  svmReading(command, withManager, io);

  /** What is held of a slice. @throws Refused NOT_FOUND for one of which nothing is */
  function held(manager: ServiceManager, name: string): SliceState {
    const state = manager.store.find(name);
    if (!state) throw new Refused('NOT_FOUND', { kind: 'slice', id: name });
    return state;
  }
}

/** Every step to slivers with their keys, each for what is left of it. */
async function slivers(manager: ServiceManager, slice: SliceState): Promise<Outcome[]> {
  const made = [...(await redeemAll(manager, slice, true)), ...(await makeSlivers(manager, slice))];
  const keys = (await pushKeys(manager, slice)).filter((one) => !one.ok);
  return [...made, ...keys];
}

async function setKeys(manager: ServiceManager, slice: SliceState, keys: string[]): Promise<Outcome[]> {
  slice.keys = [...new Set(keys)];
  manager.store.save();
  return await pushKeys(manager, slice);
}

/** The key without its comment. */
const body = (line: string) => line.split(' ').slice(0, 2).join(' ');

function keysIn(file: string): string[] {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.trim());
  const keys = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const wrong = keys.findIndex((line) => !KeyLine.safeParse(line).success);
  if (wrong >= 0 || keys.length === 0)
    throw new Refused('INVALID_INPUT', { field: file, problem: 'holds no public key, or something else beside' });
  return keys;
}

function count(text: string): number {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1 || n > 100_000)
    throw new InvalidArgumentError('must be a whole number, at least 1');
  return n;
}

function seconds(text: string): number {
  return Math.min(count(text), 3600);
}
