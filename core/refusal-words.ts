/** Inputs as people know them. The names that programs use for them stay in the facts. */
const FIELDS: Readonly<Record<string, string>> = {
  comment: 'the comment',
  command: 'the command',
  days: 'the number of days',
  email: 'the e-mail address',
  loginBase: 'the site',
  name: 'the name',
  node: 'the node',
  password: 'the password',
  publicKey: 'the public key',
  reason: 'the reason',
  role: 'the role',
  shortName: 'the name',
  termSeconds: 'the term',
};

/** "the public key" for `publicKey`; a field that has no words of its own is named as it is. */
export function fieldWords(field: string): string {
  return Object.hasOwn(FIELDS, field) ? (FIELDS[field] ?? field) : `the value of ${field}`;
}

/** Who may do what the permission is for. Names of permissions: server/services/policy.ts. */
const MAY: Readonly<Record<string, string>> = {
  'agents.manage': 'operators run the agents',
  'approvals.read': 'the PIs of a site and operators decide its requests',
  'audit.check': 'operators check the whole audit trail',
  'fleet.import': 'operators import nodes',
  'fleet.simulate': 'operators simulate nodes',
  'invite.accept': 'the invitation is for somebody else; sign in with the address it was made for',
  'invite.create': 'the PIs of a site invite people to it, and operators anybody',
  'invite.revoke': 'the PIs of a site withdraw its invitations, and operators any',
  'node.adminSwitch': 'the techs of the node’s site and operators do',
  'node.enrol': 'the techs of the node’s site and operators enrol it',
  'partners.manage': 'operators invite partners, give them nodes and take these back',
  'request.create': 'the researchers and PIs of a site ask for slices and for more time there',
  'request.decide': 'another PI of the site or an operator decides this request',
  'same-origin': 'the call came from the page of another site',
  session: 'this needs a sign-in in the browser, a token is not enough',
  'site.people': 'the PIs of the site and operators change who belongs to it',
  'site.quota': 'the PIs of the site lower its quota, and operators set it',
  'site.quota.raise': 'a PI may lower the quota and the longest term, an operator raises them',
  'slice.delete': 'the slice’s members, its site’s PIs and operators delete it',
  'slice.change': 'the slice’s members change how many slivers it has',
  'slice.move': 'the slice’s members and operators move its slivers',
  'slice.exec': 'the slice’s members and operators run commands in it',
  'slice.members': 'the slice’s owner and its site’s PIs change its members',
  'slice.renew': 'the slice’s members renew it',
  'slice.retry': 'the slice’s members and operators try it again',
  'slice.terminal': 'the slice’s members and operators open terminals in it',
  'slice.withdraw': 'the slice’s members withdraw its request',
};

/** Where nobody else helps. */
const ONESELF = ['invite.accept', 'same-origin', 'session'];

/** What may not be done, who may, and whom to ask; a permission without words is left out. */
export function notAllowedWords(permission: string): string {
  if (!Object.hasOwn(MAY, permission)) {
    // What programs grant each other is said in words already; a bare name of a permission tells nobody anything.
    const needs = permission.includes(' ') ? `: it needs the permission “${permission}”` : '';
    return `You may not do this${needs}. Ask your site’s PI or an operator.`;
  }
  const next = ONESELF.includes(permission) ? 'Then try again.' : 'Ask one of them to.';
  return `You may not do this: ${MAY[permission]}. ${next}`;
}
