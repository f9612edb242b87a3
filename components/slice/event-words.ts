type Facts = Record<string, unknown>;

const str = (facts: Facts, name: string): string | null => {
  const value = facts[name];
  return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : null;
};
const after = (before: string, value: string | null) => (value ? `${before} ${value}` : '');

/** One line for an event of a slice. An action that this version does not know is shown as it is called. */
export function eventWords(action: string, facts: Facts): string {
  switch (action) {
    case 'slice.request':
    case 'request.create':
      return 'Asked for';
    case 'request.renew':
    case 'slice.renew':
      return 'Renewal asked for';
    case 'request.approve':
    case 'request.approved':
      return 'Approved';
    case 'request.reject':
    case 'request.rejected':
      return `Rejected${after(':', str(facts, 'comment'))}`;
    case 'request.decide':
      return str(facts, 'outcome') === 'rejected' ? `Rejected${after(':', str(facts, 'comment'))}` : 'Approved';
    case 'slice.withdraw':
    case 'request.withdraw':
      return 'Withdrawn';
    case 'slice.deploy':
      return 'Deployment started';
    case 'slice.delete':
      return 'Deleted';
    case 'slice.deleted':
      return 'Gone from every node';
    case 'slice.exec':
      return `Command run${after(' on', str(facts, 'hostname') ?? str(facts, 'node'))}`;
    case 'slice.member.add':
    case 'slice.members.add':
      return `Member added${after(':', str(facts, 'email'))}`;
    case 'slice.member.remove':
    case 'slice.members.remove':
      return `Member removed${after(':', str(facts, 'email'))}`;
    case 'slice.retry':
      return 'Tried again';
    case 'slice.expire':
      return 'Lease over';
    default:
      return action.replaceAll(/[._-]/g, ' ').replace(/^./, (c) => c.toUpperCase());
  }
}
