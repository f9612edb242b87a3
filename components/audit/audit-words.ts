import { parseUrn } from '@/core/identity/urn';
import { eventWords } from '../slice/event-words';

/** What kinds of acts there are, by how their names begin. */
export const ACT_KINDS = [
  { value: '', label: 'Everything' },
  { value: 'slice.', label: 'Slices' },
  { value: 'request.', label: 'Decisions' },
  { value: 'node.', label: 'Nodes' },
  { value: 'agent.', label: 'Agents' },
  { value: 'partner.', label: 'Partners' },
  { value: 'trust.', label: 'Taking back' },
  { value: 'key.', label: 'Keys' },
  { value: 'token.', label: 'Tokens' },
  { value: 'invite.', label: 'Invitations' },
  { value: 'site.', label: 'Sites' },
  { value: 'fleet.', label: 'Fleet' },
  { value: 'operator.', label: 'Operators' },
  { value: 'account.', label: 'Accounts' },
] as const;

const WORDS: Readonly<Record<string, string>> = {
  'account.password': 'Changed the password',
  'agent.adminSwitch': 'Switched an agent',
  'agent.policy': 'Set how an agent grants',
  'agent.share': 'Set what an agent gets',
  'fleet.import': 'Imported nodes',
  'fleet.simulate': 'Simulated nodes',
  'invite.accept': 'Accepted an invitation',
  'invite.create': 'Invited somebody',
  'invite.revoke': 'Withdrew an invitation',
  'key.add': 'Added an SSH key',
  'key.remove': 'Removed an SSH key',
  'node.adminSwitch': 'Switched a node',
  'node.enrolled': 'Enrolled a node',
  'node.enrolmentToken': 'Made an enrolment token',
  'node.flows': 'Asked who sent some traffic',
  'node.reincarnated': 'Began a new incarnation',
  'operator.create': 'Made an operator',
  'operator.promote': 'Made somebody an operator',
  'site.quota': 'Set a quota',
  'site.removeMember': 'Took somebody off a site',
  'token.create': 'Made a token',
  'token.revoke': 'Withdrew a token',
};

/** What was done, in a few words. What this version does not know is told as it is called. */
export function auditWords(action: string, facts: unknown): string {
  const known = WORDS[action];
  if (known) return known;
  const record = typeof facts === 'object' && facts !== null && !Array.isArray(facts) ? { ...facts } : {};
  return eventWords(action, record);
}

/** Who did it: a person's name, or what a program is called. */
export function actorWords({ actor, actorName }: { actor: string; actorName: string | null }): string {
  if (actorName) return actorName;
  const urn = parseUrn(actor);
  if (!urn) return actor;
  const name =
    urn.kind === 'authority' ? urn.name.replace(/^am(?=\.|$)/, 'agent').replace(/^sm$/, 'service manager') : urn.name;
  return `${urn.kind === 'authority' ? '' : `${urn.kind} `}${name}${urn.site ? ` of ${urn.site}` : ''}`;
}
