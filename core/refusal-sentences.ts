import type { RefusalCode } from './errors';
import { policyWords } from './granting/refusal-words';
import { capital, type FactsReader } from './refusal-facts';
import { fieldWords, notAllowedWords } from './refusal-words';

/** One sentence (or two: what and why, then what to do) for each code. A new code does not compile until it has one. */
export const SENTENCES: Record<RefusalCode, (f: FactsReader) => string> = {
  // input and access
  INVALID_INPUT: (f) =>
    `${f.has('field') ? capital(fieldWords(f.text('field', 'a field'))) : 'What you entered'} was not accepted: ${f.problem('problem', 'it was not understood')}. Correct it and try again.`,
  NOT_SIGNED_IN: () => 'You are not signed in, or your session has ended. Sign in and try again.',
  NOT_ALLOWED: (f) => notAllowedWords(f.text('permission', '')),
  NOT_FOUND: (f) =>
    `There is no such ${f.text('kind', 'thing')}${f.has('id') ? ` as ${f.name('id', '')}` : ''}, or you may not see it. Check the name.`,
  RATE_LIMITED: (f) =>
    `You tried too often in a short time. Wait ${f.duration('retryAfterSeconds', 'a minute')} and try again.`,
  TOO_LARGE: (f) =>
    `${capital(f.text('field', 'what you sent'))} is too large${f.has('max') ? `: at most ${f.count('max', '')} is taken` : ''}. Send less.`,
  CONFLICT: (f) => {
    if (f.text('problem', '') === '')
      return `${f.has('kind') ? `The ${f.text('kind', 'object')}${f.part('id', () => ` ${f.name('id', '')}`)}` : 'This'} was changed by somebody else meanwhile. Reload and try again.`;
    const problem = f.problem('problem', '');
    return f.text('id', '') === '' ? `${capital(problem)}.` : `${f.name('id', '')}: ${problem}.`;
  },
  // requests and quota
  NAME_TAKEN: (f) => `The name${f.has('name') ? ` ${f.text('name', '')}` : ''} is taken. Choose another.`,
  REQUEST_DECIDED: (f) => `This request was already ${f.text('state', 'decided')}. Reload to see how.`,
  OWN_REQUEST: () => 'This is your own request, so you cannot decide it. Ask another PI of the site or an operator.',
  OVER_QUOTA: (f) =>
    `This needs more ${f.resource('of the quota')} than your site has left${f.has('wants') && f.has('quota') ? `: it asks for ${f.amount('wants')}, and ${f.amount('used') ?? 'some'} of ${f.amount('quota')} is used` : ''}. Ask for less, or ask an operator for a larger quota.`,
  TERM_TOO_LONG: (f) =>
    `The term is too long${f.has('askedSeconds') && f.has('maxSeconds') ? `: you asked for ${f.duration('askedSeconds', '')}, and at most ${f.duration('maxSeconds', '')} is allowed` : ''}. Ask for a shorter one; you can renew it later.`,
  TOTAL_TOO_LONG: (f) =>
    `One slice lasts at most ${f.duration('maxSeconds', 'as long as its site’s quota says')} in all${f.has('leftSeconds') ? (f.number('leftSeconds') === 0 ? ', and this one has had all of it' : `: ${f.duration('leftSeconds', '')} are left to it after its present end`) : ''}${f.time('latestEnd') ? `, until ${f.time('latestEnd')}` : ''}. Ask for less, or ask an operator for a longer maximum.`,
  WRONG_STATE: (f) =>
    `This cannot be done now: the ${f.text('kind', 'object')}${f.has('id') ? ` ${f.name('id', '')}` : ''} is ${f.text('state', 'in another state')}${f.part('needs', (n) => ` and would have to be ${n}`)}. Reload to see where it stands.`,
  INVITE_INVALID: () =>
    'This invitation does not hold: it was used, withdrawn, or is too old. Ask whoever invited you for a new one.',
  // matching
  NOT_ENOUGH_NODES: (f) =>
    `Too few nodes fit what you ask for: ${f.has('wants') ? `you want ${f.count('wants', '')}, and ` : ''}${f.count('matching', 'not enough')} match. Ask for fewer nodes, smaller slivers, or more countries.`,
  NOT_ENOUGH_COUNTRIES: (f) =>
    `The nodes that fit are in too few countries: ${f.has('wants') ? `you want ${f.count('wants', '')}, and ` : ''}${f.count('matching', 'not enough')} have a match. Ask for fewer countries or smaller slivers.`,
  // statements
  STATEMENT_MALFORMED: (f) =>
    `A signed statement could not be read: ${f.problem('problem', 'it is not in the agreed form')}. Get a new one from whoever issued it.`,
  STATEMENT_TOO_LARGE: (f) =>
    `A signed statement is too large${f.has('bytes') && f.has('max') ? `: ${f.count('bytes', '')} bytes, and at most ${f.count('max', '')} are read` : ''}. Use a shorter chain of delegations.`,
  WRONG_TYPE: (f) =>
    `A signed statement is of the wrong kind${f.has('expected') ? `: ${f.text('got', 'another')} where ${f.text('expected', '')} is needed` : ''}. Send the right one.`,
  BAD_SIGNATURE: () =>
    'A signature does not hold: the statement was altered, or signed with another key than it says. Get a new one from whoever issued it.',
  UNKNOWN_ISSUER: (f) =>
    `A statement was signed by a key that is not known here${f.part('iss', (k) => ` (${k})`)}. Get one from an agent that the node trusts.`,
  WRONG_NODE: (f) =>
    `This statement is for another node${f.has('expected') && f.has('got') ? `: for ${f.name('got', '')}, and this is ${f.name('expected', '')}` : ''}. Send it to the node it names.`,
  WRONG_HOLDER: () =>
    'This statement was made out to another key than the one you proved. Present it with the key it names.',
  WRONG_AUTHORITY: (f) =>
    `The agent that issued this speaks for ${f.name('expected', 'another deployment')} alone, and it names ${f.name('name', 'somebody else’s slice or user')}. Get a ticket from that one’s own agent.`,
  NOT_YET_VALID: (f) =>
    `This is not valid yet${f.time('notBefore') ? `: it begins at ${f.time('notBefore')}` : ''}. Wait until then; if that is past, the clock that judged it${f.time('now') ? `, which said ${f.time('now')},` : ''} is behind: set it right.`,
  EXPIRED: (f) =>
    `This is no longer valid${f.time('expiredAt') ? `: it ended at ${f.time('expiredAt')}` : ''}${f.time('now') ? `, and it was ${f.time('now')} for who judged it` : ''}. Get a new one; if it is new, one of the two clocks is wrong.`,
  WRONG_INCARNATION: () =>
    'The node lost its records and started anew, so statements from before no longer count. Get a new ticket.',
  EXCEEDS_PARENT: (f) => {
    const amounts =
      f.has('child') && f.has('parent')
        ? ` is ${f.text('child', '')} where at most ${f.text('parent', '')} may be passed on`
        : ' is too much';
    return `This grants more than its issuer was given${f.part('what', (w) => `: ${w}${amounts}`)}. Get a ticket within the issuer’s delegation.`;
  },
  CHAIN_TOO_DEEP: (f) =>
    `The chain of delegations is too long${f.has('max') ? `: at most ${f.count('max', '')} links are followed` : ''}. Get a delegation closer to the node.`,
  CHAIN_BROKEN: (f) =>
    `The chain of delegations does not hold together${f.part('link', (n) => ` at link ${n}`)}: ${f.problem('problem', 'a link does not follow from the one before')}. Get a new ticket from the agent.`,
  REVOKED: (f) => `This ${f.text('kind', 'statement')} was revoked and no longer counts. Get a new one.`,
  TICKET_SPENT: () => 'This ticket was already redeemed on this node, and a ticket counts once. Get a new one.',
  TICKET_BURNT: () => 'This ticket was given back when its slice was released, so it no longer counts. Get a new one.',
  // node
  NODE_FULL: (f) => {
    const until = f.time('until');
    const share = f.share('free', 'wants');
    const room = share ? ` It has ${share} you asked for${until ? ` until ${until}` : ''}.` : '';
    return `${f.name('node', 'The node')} is full.${room} Pick another node or ask for less.`;
  },
  TOO_MANY_SLIVERS: (f) =>
    `${f.name('node', 'The node')} holds as many slivers as its owner wants${f.has('max') ? `: ${f.count('held', 'all')} of at most ${f.count('max', '')}` : ''}${f.time('until') ? `, until ${f.time('until')}` : ''}. Pick another node, or a later time.`,
  BARRED_BY_OWNER: (f) =>
    `The owner of ${f.name('node', 'the node')} takes no slivers of ${f.text('what', 'slice') === 'site' ? `the site${f.part('site', (s) => ` ${s}`)}` : f.has('slice') ? f.name('slice', '') : 'this slice'}. Pick another node.`,
  NODE_UNREACHABLE: (f) =>
    `${f.name('node', 'The node')} cannot be reached${f.part('cause', (c) => ` (${c.replace(/[.\s]+$/, '')})`)}${f.time('lastSeen') ? `; it was last seen at ${f.time('lastSeen')}` : ''}. Pick another node, or try again later.`,
  NODE_CLOSED: (f) =>
    `${f.name('node', 'The node')} takes no new slivers: its owners have set it to ${f.text('adminSwitch', 'closed')}. Pick another node.`,
  NODE_NOT_BOOT: (f) =>
    `${f.name('node', 'The node')} is not in service: its boot state is ${f.text('bootState', 'not “boot”')}. Pick another node.`,
  NODE_NOT_ENROLLED: (f) =>
    `${f.name('node', 'The node')} has not been enrolled yet, so nothing can be put on it. Pick another node, or enrol it.`,
  ALREADY_LEASED: (f) =>
    `${capital(f.has('slice') ? f.name('slice', '') : 'this slice')} already has a sliver on ${f.name('node', 'this node')}${f.time('until') ? `, leased until ${f.time('until')}` : ''}. Renew or release that one.`,
  NO_LEASE: (f) =>
    `${capital(f.has('slice') ? f.name('slice', '') : 'the slice')} has no lease on ${f.name('node', 'this node')}. Check the names of both.`,
  RENEWAL_MISMATCH: (f) =>
    `This ticket does not renew that lease: ${f.problem('problem', 'they do not belong together')}. Ask for a renewal again.`,
  NOBODY_MAY_RENEW: (f) =>
    `Nobody may renew the lease on ${f.name('node', 'this node')} any more: the authority over it was taken back or has ended.${f.time('leaseEndsAt') ? ` It runs until ${f.time('leaseEndsAt')}.` : ''} Move the sliver to another node to keep it longer.`,
  LEASE_OVER: (f) =>
    `The lease is over${f.time('endedAt') ? `: it ended at ${f.time('endedAt')}` : ''}. Ask for a new one.`,
  IMAGE_UNKNOWN: (f) =>
    `The node has no image ${f.text('image', 'of that name')}.${f.part('offers', (o) => ` It offers ${o}.`)} Choose one that it has.`,
  PROFILE_UNKNOWN: (f) =>
    `The node has no profile ${f.text('profile', 'of that name')}.${f.part('offers', (o) => ` It offers ${o}.`)} Choose one that it has.`,
  DRIVER_UNABLE: (f) =>
    `This node cannot make ${f.text('driver', 'such')} slivers${f.part('missing', (m) => `: it lacks ${m}`)}. Pick another node, or have its owner add what is missing.`,
  START_FAILED: (f) =>
    `The sliver on ${f.name('node', 'the node')} could not be started: ${f.problem('problem', 'the node does not say why')}. Another node is tried where the request allows it.`,
  START_TIMEOUT: (f) =>
    `The sliver on ${f.name('node', 'the node')} did not start within ${f.duration('afterSeconds', 'the time allowed')}. Another node is tried where the request allows it.`,
  EXEC_FAILED: (f) =>
    `The command could not be run: ${f.problem('problem', 'the node does not say why')}. Check that the sliver is running and the command exists in it.`,
  NO_WAY_IN: (f) => {
    const way = f.text('way', '');
    const by = way === 'ssh' ? 'by ssh' : way === 'terminal' ? 'with a terminal' : '';
    const other =
      way === 'ssh' && !f.text('problem', '').includes('simulated') ? ' Open a terminal in the browser instead.' : '';
    return `This sliver cannot be entered${by && ` ${by}`}: ${f.problem('problem', 'the node does not say why')}.${other}`;
  },
  NO_NETWORK: (f) =>
    `This node cannot connect its slivers${f.part('missing', (m) => `: it lacks ${m}`)}. Pick another node, or have its owner add what is missing.`,
  PORT_TAKEN: (f) =>
    `Port ${f.text('port', 'of that number')}/${f.text('protocol', 'tcp')} of the node is taken by ${f.text('by', 'somebody else')}. Choose another, or leave the choice to the node.`,
  PORT_OUT_OF_RANGE: (f) =>
    f.text('to', '0') === '0'
      ? 'The owner of this node lets slivers publish no ports. Pick another node.'
      : `The owner of this node lets slivers publish ports ${f.text('from', '?')} to ${f.text('to', '?')}, not ${f.text('port', 'this one')}. Choose one of those.`,
  STORAGE_FULL: (f) =>
    `The node’s storage${f.part('path', (p) => ` at ${p}`)} is full${f.has('freeMiB') ? `: ${f.count('freeMiB', '')} MiB are free` : ''}. Pick another node, or have its owner make room.`,
  JOURNAL_DAMAGED: (f) =>
    `The node’s journal${f.part('path', (p) => ` at ${p}`)} is damaged: ${f.problem('problem', 'it cannot be read')}. Its owner has to restore it, or start a new incarnation.`,
  // agent
  NOT_DELEGATED: (f) =>
    `${f.name('node', 'The node')} has given this agent no authority to issue tickets. Pick another node, or wait until it has.`,
  NOT_ADVERTISED: (f) => `${f.name('node', 'The node')} is not among those this agent offers. Pick another node.`,
  DELEGATION_SPENT: (f) => {
    const share = f.share('free', 'wants');
    const given = `${f.name('node', 'the node')} let this agent give out`;
    const why = share ? `Too little is left of what ${given}: ${share} you asked for` : `All that ${given} is promised`;
    return `${why}. Pick another node or ask for less.`;
  },
  POLICY_DENIED: (f) => policyWords(f),
  AGENT_CLOSED: (f) =>
    `The agent${f.part('agent', () => ` ${f.name('agent', '')}`)} issues no tickets${f.text('adminSwitch', '') === 'draining' ? ' but renewals' : ''} now: it is ${f.text('adminSwitch', 'closed')}. Pick nodes that another agent offers, or ask an operator to open it.`,
  IDEMPOTENCY_MISMATCH: (f) =>
    `The key${f.part('key', (k) => ` ${k}`)} was already used for another request. Use a new key for a new request.`,
  BEYOND_APPROVAL: (f) =>
    `This goes beyond what was approved for ${f.name('slice', 'the slice')}: ${f.text('what', 'what you ask for')} would be ${f.count('wants', '') || f.text('wants', 'more')}, and ${f.count('approved', '') || f.text('approved', 'less')} was approved. Ask for less, or have the slice renewed or asked for anew.`,
  AGENT_UNREACHABLE: (f) =>
    `The agent${f.part('address', (a) => ` at ${a}`)} cannot be reached${f.part('cause', (c) => ` (${c.replace(/[.\s]+$/, '')})`)}. Nothing is lost; it is tried again.`,
  // enrolment and certificates
  TOKEN_INVALID: (f) =>
    `The enrolment token does not hold: ${f.problem('problem', 'it is not known, or too old')}. Get a new one from an operator or the site’s tech.`,
  TOKEN_USED: () =>
    'The enrolment token was already used, and it counts once. Get a new one from an operator or the site’s tech.',
  CERTIFICATE_INVALID: (f) =>
    `A certificate or key cannot be used: ${f.problem('problem', 'it does not check out')}. Renew it, or enrol again.`,
  // start-up and import
  CONFIG_INVALID: (f) =>
    `${f.has('variable') ? `The setting ${f.text('variable', '')}` : 'A setting'} cannot be used: ${f.problem('problem', 'its value is not understood')}. Correct it and start again.`,
  RSPEC_MALFORMED: (f) =>
    `The file is not an RSpec advertisement that can be read${f.has('line') ? ` (line ${f.count('line', '')})` : ''}: ${f.problem('problem', 'it is malformed')}. Nothing was imported; correct the file and try again.`,
  // slivers' last words
  SUBSTITUTED: (f) =>
    `${f.name('node', 'The node')} did not work out${f.part('because', (b) => ` (${b.replace(/[.\s]+$/, '')})`)}, so ${f.name('by', 'another node')} took its place. You need do nothing.`,
  GIVEN_UP: () => 'It was given up: the slice needs fewer slivers. Grow the slice to have more again.',
  MOVED: (f) => `It was moved to ${f.name('to', 'another node')}, which runs in its place. You need do nothing.`,
  OUT_OF_NODES: (f) =>
    `No node is left to try${f.has('tried') ? `: ${f.count('tried', '')} were tried` : ''}${f.has('wants') ? ` for the ${f.count('wants', '')} you want` : ''}. Ask for fewer nodes or smaller slivers.`,
  BELOW_MINIMUM: (f) =>
    `Too few slivers run${f.has('running') && f.has('minimum') ? `: ${f.count('running', '')}, and you need at least ${f.count('minimum', '')}` : ''}. Ask for fewer nodes, or try again later.`,
  SLIVERS_AWAY: (f) =>
    `${f.has('running') && f.has('wants') ? `${f.count('running', '')} of ${f.count('wants', '')} slivers are known to run` : 'Not all slivers are known to run'}. The others are not heard of for now, or are being replaced; the table says which and why.`,
  LEASED_ONLY: () =>
    'It is leased, and nobody made its sliver yet. What it may use is kept for it; its holder makes the sliver with meridian svm newvms.',
  STOPPED_ON_REQUEST: () =>
    'Somebody of the slice stopped it; its files are kept. Start it when you want it to run again.',
  LEASE_ENDED: (f) =>
    `Its lease ended${f.time('endedAt') ? ` at ${f.time('endedAt')}` : ''}, so it was stopped. Renew the slice before its grace is over to keep it.`,
  RELEASED: (f) =>
    `It was released${f.has('by') ? ` by ${f.name('by', '')}` : ''} and is gone. Ask for a new slice if you need one.`,
  LEAVES_WHEN_BACK: (f) =>
    `${f.name('node', 'The node')} is away. Its sliver leaves when the node is back${f.time('leaseEndsAt') ? `, at the latest when its lease ends at ${f.time('leaseEndsAt')}` : ''}. You need do nothing.`,
  RECORDS_LOST: (f) =>
    `${f.name('node', 'The node')} could no longer trust its own records${f.part('why', (why) => ` (its journal was ${why.replace('-', ' ')})`)} and began anew, so this sliver is gone. Another takes its place where the request allows it.`,
  AUTHORITY_REVOKED: (f) =>
    `The ${f.text('kind', 'authority')} under which this ran was taken back${f.has('by') ? ` by ${f.name('by', '')}` : ''}${f.time('at') ? ` at ${f.time('at')}` : ''}${f.part('why', (why) => `: ${why.replace(/[.\s]+$/, '')}`)}. Another takes its place where the request allows it; ask an operator if you need it back.`,
};
