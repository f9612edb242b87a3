import { randomBytes } from 'node:crypto';
import { parentHash } from '@/protocol/statement/delegation';
import { generateIdentityKey, type IdentityKey } from '@/protocol/statement/keys';
import type { DelegationClaims, LeaseClaims, TicketClaims, TicketReceiptClaims } from '@/protocol/statement/schemas';
import { signStatement } from '@/protocol/statement/sign';
import type { TicketVerifyContext } from '@/protocol/statement/ticket';

/** A statement id as the programs make them. */
export const newId = () => randomBytes(16).toString('base64url');

export const NODE_URN = 'urn:publicid:IDN+meridian:lab+node+n1';
export const AGENT_URN = 'urn:publicid:IDN+meridian+authority+am';
export const SLICE_URN = 'urn:publicid:IDN+meridian+slice+lab_tides';
export const AMOUNTS = { cpuMilli: 100, memoryMiB: 128, diskMiB: 512, networkKbps: 1000 };
export const RIGHTS = { cpuMilli: 4000, memoryMiB: 8192, diskMiB: 50_000, networkKbps: 100_000 };
export const RESOURCES = {
  ...AMOUNTS,
  cpuShare: 100,
  networkShare: 100,
  pidsMax: 256,
  image: 'tiny',
  profile: 'standard',
};

/** A node, an agent and a holder with keys of their own, and statements among them that hold at `now` (epoch ms). */
export function statementWorld(now = Date.UTC(2026, 0, 15)) {
  const keys = { node: generateIdentityKey(), agent: generateIdentityKey(), holder: generateIdentityKey() };
  const seconds = Math.floor(now / 1000);
  const incarnation = newId();
  const delegationClaims = (over: Partial<DelegationClaims> = {}): DelegationClaims => ({
    iss: keys.node.jkt,
    jti: newId(),
    node: NODE_URN,
    grantee: keys.agent.jwk,
    granteeUrn: AGENT_URN,
    rights: RIGHTS,
    degreeMilli: 2000,
    incarnation,
    nbf: seconds - 3600,
    exp: seconds + 86_400 * 60,
    ...over,
  });
  const delegation = (over: Partial<DelegationClaims> = {}, by: IdentityKey = keys.node) =>
    signStatement('delegation+jwt', delegationClaims({ iss: by.jkt, ...over }), by);
  const root = delegation();
  /**
   * A chain of so many links from the node to the agent, each signed by the grantee of the one before and naming its text; `alter` may
   * change a link's claims before it is signed. `keys`: the node's first, the agent's last.
   */
  const chained = (links: number, alter: (i: number) => Partial<DelegationClaims> = () => ({})) => {
    const others = [...Array.from({ length: links - 1 }, generateIdentityKey), keys.agent];
    const chain: string[] = [];
    let by = keys.node;
    for (const [i, to] of others.entries()) {
      const before = chain.at(-1);
      const parent = before === undefined ? {} : { parent: parentHash(before) };
      chain.push(delegation({ grantee: to.jwk, ...parent, ...alter(i) }, by));
      by = to;
    }
    return { chain, keys: [keys.node, ...others] };
  };
  const ticketClaims = (over: Partial<TicketClaims> = {}): TicketClaims => ({
    iss: keys.agent.jkt,
    jti: newId(),
    sub: 'urn:publicid:IDN+meridian+user+ada',
    cnf: { jkt: keys.holder.jkt },
    aud: NODE_URN,
    slice: SLICE_URN,
    resources: RESOURCES,
    start: seconds,
    end: seconds + 86_400 * 14,
    graceSeconds: 86_400,
    nbf: seconds,
    exp: seconds + 3600,
    chain: [root],
    ...over,
  });
  const ticket = (over: Partial<TicketClaims> = {}, by: IdentityKey = keys.agent) =>
    signStatement('ticket+jwt', ticketClaims({ iss: by.jkt, ...over }), by);
  const leaseFor = (t: TicketClaims, over: Partial<LeaseClaims> = {}): LeaseClaims => ({
    iss: keys.node.jkt,
    jti: newId(),
    node: NODE_URN,
    incarnation,
    slice: t.slice,
    sliver: 'urn:publicid:IDN+meridian:lab+sliver+s1',
    cnf: t.cnf,
    sub: t.sub,
    resources: t.resources,
    start: t.start,
    end: t.end,
    graceSeconds: t.graceSeconds,
    ticket: { iss: t.iss, jti: t.jti },
    iat: seconds,
    ...over,
  });
  const receiptFor = (t: TicketClaims, over: Partial<TicketReceiptClaims> = {}): TicketReceiptClaims => ({
    iss: keys.node.jkt,
    jti: newId(),
    node: NODE_URN,
    incarnation,
    kind: 'released',
    slice: t.slice,
    ticket: { iss: t.iss, jti: t.jti },
    code: 'RELEASED',
    facts: { by: 'the deployment' },
    since: seconds,
    iat: seconds,
    ...over,
  });
  const context: TicketVerifyContext = {
    nodeUrn: NODE_URN,
    nodeJwk: keys.node.jwk,
    incarnation,
    holderJkt: keys.holder.jkt,
    now,
    revokedKeys: new Set<string>(),
  };
  return {
    now,
    seconds,
    keys,
    incarnation,
    context,
    delegationClaims,
    delegation,
    root,
    chained,
    ticketClaims,
    ticket,
    leaseFor,
    receiptFor,
  };
}
