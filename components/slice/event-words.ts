import { duration } from '../ui/format';

type Facts = Record<string, unknown>;

const str = (facts: Facts, name: string): string | null => {
  const value = facts[name];
  return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : null;
};
const after = (before: string, value: string | null) => (value ? `${before} ${value}` : '');

/** What a person asked a node to do; whether it did is told by what follows. */
const ASKED: Record<string, string> = {
  'slice.exec': 'Command sent',
  'slice.sliver.start': 'Start asked for',
  'slice.sliver.stop': 'Stop asked for',
  'slice.sliver.reset': 'Reset asked for',
};

const nodeOf = (facts: Facts) => str(facts, 'hostname') ?? str(facts, 'node')?.split('+').at(-1) ?? null;

const fromTo = (facts: Facts) => `${after(': from', str(facts, 'from'))}${after(' to', str(facts, 'to'))}`;

/** A slice has one request to begin with, and one for each renewal and each growth. */
function decided(facts: Facts, outcome: 'approved' | 'rejected'): string {
  const first = outcome === 'approved' ? 'Approved' : 'Rejected';
  if (facts.kind === 'change') return `More slivers ${outcome}`;
  return facts.kind === 'renew' ? `Renewal ${outcome}` : first;
}

/** One line for an event of a slice. An action that this version does not know is shown as it is called. */
export function eventWords(action: string, facts: Facts): string {
  switch (action) {
    case 'slice.request':
      return 'Asked for';
    case 'slice.renew':
      return 'Renewal asked for';
    case 'slice.renewed':
      return 'Renewed';
    case 'slice.not-renewed':
      return 'Could not be renewed; its end stays';
    case 'slice.change':
      return `More slivers asked for${fromTo(facts)}`;
    case 'slice.grow':
      return `Grows${fromTo(facts)}, as was approved before`;
    case 'slice.grown':
      return facts.running === facts.wanted
        ? 'What it grew by runs'
        : `Grown as far as nodes allow: ${str(facts, 'running') ?? 'some'} of ${str(facts, 'wanted') ?? 'them'} run`;
    case 'slice.shrink':
      return `Slivers given up${fromTo(facts)}`;
    case 'slice.move':
      return `Move of ${str(facts, 'count') ?? 'some'} ${facts.count === 1 ? 'sliver' : 'slivers'} asked for`;
    case 'slice.move.cancelled':
      return 'Move called off';
    case 'slice.moved':
      return `Moved${after(' from', str(facts, 'node'))}${after(' to', str(facts, 'to'))}`;
    case 'slice.not-moved':
      return `Could not be moved${after(' from', str(facts, 'node'))}; it stays`;
    case 'request.approved':
      return `${decided(facts, 'approved')}${after(':', str(facts, 'comment'))}`;
    case 'request.rejected':
      return `${decided(facts, 'rejected')}${after(':', str(facts, 'comment'))}`;
    case 'slice.withdraw':
    case 'request.withdrawn':
      return 'Withdrawn';
    case 'slice.delete':
      return 'Deleted';
    case 'slice.deleted':
      return 'Gone from every node';
    case 'slice.exec':
    case 'slice.sliver.start':
    case 'slice.sliver.stop':
    case 'slice.sliver.reset':
      return `${ASKED[action]}${after(' on', nodeOf(facts))}`;
    case 'slice.port.publish':
      return `Publishing port ${str(facts, 'port') ?? ''} asked for${after(' on', nodeOf(facts))}`;
    case 'slice.port.remove':
      return `Withdrawing port ${str(facts, 'port') ?? ''} asked for${after(' on', nodeOf(facts))}`;
    case 'slice.terminal.open':
      return `Terminal opened${after(' on', str(facts, 'hostname'))}`;
    case 'slice.terminal.close':
      return `Terminal closed${after(' on', str(facts, 'hostname'))}${typeof facts.seconds === 'number' ? ` after ${duration(facts.seconds)}` : ''}`;
    case 'slice.member.added':
      return `Member added${after(':', str(facts, 'member'))}`;
    case 'slice.member.removed':
      return `Member removed${after(':', str(facts, 'member'))}`;
    case 'slice.active':
      return 'All slivers run';
    case 'slice.degraded':
      return 'Runs with fewer slivers than asked for';
    case 'slice.failed':
      return 'Too few slivers run';
    case 'slice.retry':
      return 'Tried again';
    case 'slice.suspended':
      return 'Lease over; slivers stopped and kept';
    default:
      if (action.endsWith('.refused')) return `Not done${after(':', str(facts, 'why'))}`;
      return action
        .replace(/^slice\./, '')
        .replaceAll(/[._-]/g, ' ')
        .replace(/^./, (c) => c.toUpperCase());
  }
}
