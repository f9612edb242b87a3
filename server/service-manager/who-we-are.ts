import { Refused } from '@/core/errors';
import type { IdentitySource } from '@/protocol/pki/identity';
import { Bounded } from '@/protocol/statement/bounded';
import type { IdentityKey } from '@/protocol/statement/keys';
import { closeClients, type IdentityFor, type Target } from '@/protocol/transport/client';
import { PartnerIdentity } from '@/protocol/transport/partner-identity';
import { hostOfNode, partnerOfKey } from '@/server/data/partner-hosts';
import type { Queryable } from '@/server/data/pool';

type Own = { source: IdentitySource; key: IdentityKey; authority: string };

/** A partner's address may change; what is known of one is looked up anew after so long. */
const LOOK_AGAIN_MS = 30_000;

/**
 * Who the service manager is to a node: to the deployment's own by its own certificate, to a partner's by one of the partner's CA. A node's
 * key tells whose it is, and never changes sides, so that this is asked of the database once for each node.
 */
export class WhoWeAre implements IdentityFor {
  private readonly sides = new Bounded<string, string | 'own'>(8_192);
  private readonly partners = new Map<string, { identity: PartnerIdentity; lookedAt: number }>();

  constructor(
    private readonly db: Queryable,
    private readonly own: Own,
  ) {}

  /** @throws Refused AGENT_UNREACHABLE, REVOKED when the partner gives us no certificate */
  async sourceFor(target: Target): Promise<IdentitySource> {
    const side = this.sides.get(target.jkt) ?? (await partnerOfKey(this.db, target.jkt));
    if (side !== null) this.sides.set(target.jkt, side);
    if (side === null || side === 'own') return this.own.source;
    const identity = await this.at(side);
    await identity.ready();
    return identity.source;
  }

  private async at(partnerId: string): Promise<PartnerIdentity> {
    const known = this.partners.get(partnerId);
    const now = Date.now();
    if (known && now - known.lookedAt < LOOK_AGAIN_MS) return known.identity;
    const host = await hostOfNode(this.db, partnerId);
    if (!host) throw new Refused('NOT_FOUND', { kind: 'partner', id: partnerId });
    const { agentAddress, caPem } = known?.identity.host ?? {};
    const same = known && agentAddress === host.agentAddress && caPem === host.caPem;
    const { authority, key } = this.own;
    const identity = same ? known.identity : new PartnerIdentity(host, { authority, part: 'sm', key });
    this.partners.set(partnerId, { identity, lookedAt: now });
    return identity;
  }

  async close(): Promise<void> {
    await Promise.all([...this.partners.values()].map(({ identity }) => closeClients(identity.source)));
  }
}
