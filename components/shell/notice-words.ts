type Facts = Record<string, unknown>;

const text = (facts: Facts, ...names: string[]): string | null => {
  for (const name of names) {
    const value = facts[name];
    if (typeof value === 'string' && value !== '') return value;
    if (typeof value === 'number') return String(value);
  }
  return null;
};

const short = (words: string | null) => (words && words.length > 120 ? `${words.slice(0, 119).trimEnd()}…` : words);

/** One line for a notice. A kind that this version does not know is named with what it is about. */
export function noticeWords(kind: string, facts: Facts): string {
  const slice = text(facts, 'slice', 'sliceName', 'name') ?? 'a slice';
  const by = text(facts, 'by', 'requestedBy', 'from', 'decidedBy');
  const more = { renew: 'more time for ', change: 'more slivers for ' }[text(facts, 'kind') ?? ''] ?? '';
  const comment = short(text(facts, 'comment'));
  switch (kind) {
    case 'request-pending':
      return `${by ?? 'Somebody'} asks for ${more}${slice}. It waits for a decision.`;
    case 'request-decided':
      return `${by ?? 'A PI'} ${text(facts, 'outcome', 'state') ?? 'decided'} your request for ${more}${slice}${comment ? `: “${comment}”` : '.'}`;
    case 'key-pending':
      return `${by ?? 'Somebody'} asks for the key ${text(facts, 'name') ?? ''} of an own service manager to count.`;
    case 'key-approved':
      return `Your key ${text(facts, 'name') ?? ''} counts now: your own service manager may use it.`;
    case 'slice-ending':
      return `${slice} ends soon. Renew it if you still need it.`;
    case 'slice-suspended':
      return `The lease of ${slice} is over. It is kept for a while; renew it or let it go.`;
    case 'slice-renewed':
      return `${slice} is renewed.`;
    case 'slice-not-renewed':
      return `${slice} could not be renewed: its end stays. Its page says why.`;
    case 'slice-not-moved':
      return `A sliver of ${slice} could not be moved off ${text(facts, 'node') ?? 'its node'}, so it stayed. The slice’s page says why.`;
    case 'slice-degraded':
      return `${slice} runs with fewer slivers than you asked for.`;
    case 'slice-failed':
      return `${slice} could not be deployed.`;
    case 'slice-active':
      return `${slice} runs.`;
    case 'slice-deleted':
      return `${slice} is deleted.`;
    case 'authority-revoked':
      return `${by ?? 'Somebody'} took back the ${text(facts, 'what') ?? 'authority'} under which slivers of ${slice} ${facts.ends === true ? 'ran: they end now' : 'run: they run to their end and are not renewed'}.`;
    case 'member-added':
      return `${by ?? 'Somebody'} added you to ${slice}.`;
    default:
      return `${kind.replaceAll('-', ' ').replace(/^./, (c) => c.toUpperCase())}: ${slice}`;
  }
}
