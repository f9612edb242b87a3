import { loadOrMakeCa, loadOrMakeServiceManagerKey } from '@/protocol/pki/deployment-secrets';
import { currentIdentity, type IdentitySource, renewalDue, selfIssue, type TlsIdentity } from '@/protocol/pki/identity';
import { agentUrn, serviceManagerUrn } from '@/protocol/pki/names';
import {
  type AgentClient,
  agentClient,
  closeClients,
  type NodeManagerClient,
  nodeManagerClient,
  type Target,
} from '@/protocol/transport/client';
import { type AgentRow, ownAgents } from '@/server/data/deploy/agents';
import type { Queryable } from '@/server/data/pool';
import { recordOwnCertificate, secretStore } from '@/server/data/sealed-secrets';
import { WhoWeAre } from './who-we-are';

export type ServiceManagerOptions = {
  db: Queryable;
  sealKey: Buffer;
  authority: string;
  /** "host:port" of the deployment's first agent, as it is dialled from here; the others say theirs themselves. */
  agentAddress: string;
};

/** An agent as the service manager calls it. `address`: where it is dialled. */
export type DeploymentAgent = AgentRow & { client: AgentClient };

/** The deployment's service manager in this process: its one key, a certificate of this process's own, and whom it calls. */
export type ServiceManager = {
  urn: string;
  jkt: string;
  node(target: Target): NodeManagerClient;
  /** A client with connections of its own, for long polls that must not hold up others' calls. */
  dial(target: Target): { client: NodeManagerClient; close: () => Promise<void> };
  /** The deployment's agents that are in force, the oldest first; none before the first has started. */
  agents(): Promise<DeploymentAgent[]>;
  close(): Promise<void>;
};

const LOOK_AGAIN_MS = 300_000;

/**
 * Opens the sealed key (made by whoever of web, worker and agent comes first), issues this process a certificate for it
 * and renews that at half of its life for as long as the process runs. Throws Refused CONFIG_INVALID when the seal key is another deployment's.
 */
export async function openServiceManager(options: ServiceManagerOptions): Promise<ServiceManager> {
  const { db, sealKey, authority } = options;
  const store = secretStore(db);
  const ca = await loadOrMakeCa(store, sealKey, { authority, now: new Date() });
  const key = await loadOrMakeServiceManagerKey(store, sealKey);
  const urn = serviceManagerUrn(authority);

  const issue = async (): Promise<TlsIdentity> => {
    const { identity, issued } = await selfIssue(ca, urn, key, new Date());
    await recordOwnCertificate(db, issued, { urn, jkt: key.jkt });
    return identity;
  };
  let identity = await issue();
  const source = () => identity;
  const renewal = setInterval(() => {
    if (!renewalDue(identity, new Date())) return;
    issue().then(
      (renewed) => {
        identity = renewed;
      },
      () => {}, // the database is away: the present one holds for hours, and the next look tries again
    );
  }, LOOK_AGAIN_MS);
  renewal.unref();

  const who = new WhoWeAre(db, { source, key, authority });
  const agentName = agentUrn(authority);
  return {
    urn,
    jkt: key.jkt,
    node: (target) => nodeManagerClient(target, who),
    dial(target) {
      let own: IdentitySource | null = null;
      const sourceFor = async () => {
        const shared = await who.sourceFor(target);
        own ??= () => currentIdentity(shared);
        return own;
      };
      return {
        client: nodeManagerClient(target, { sourceFor }),
        close: async () => {
          if (own) await closeClients(own);
        },
      };
    },
    async agents() {
      const rows = await ownAgents(db);
      return rows.map((row) => {
        const address = row.urn === agentName ? options.agentAddress : row.address;
        return { ...row, address, client: agentClient({ ...row, address }, source) };
      });
    },
    async close() {
      clearInterval(renewal);
      await Promise.all([closeClients(source), who.close()]);
    },
  };
}
