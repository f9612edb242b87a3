import { Refused } from '@/core/errors';
import { type PastRequest, replay } from '@/core/granting/replay';
import { hardOf, NOTHING } from '@/core/resources/vector';
import { type PolicyChoice, withSeed } from '@/protocol/agent/policy';
import { type PolicyTrial, TRY_DAYS, TRY_REQUESTS } from '@/protocol/api/agents';
import { agentUse, lockAgent } from '@/server/data/agents/agents';
import { type RequestRow, requestHistory } from '@/server/data/agents/request-history';
import type { Db } from '@/server/db';

const DAY_MS = 86_400_000;
/** The lots of a trial: another seed draws others, but not in sum. */
const TRIAL_SEED = 'trial';

/**
 * What a policy would have made of what was asked of the agent in the last week, with what it may give out today. Changes nothing. @throws
 * Refused NOT_FOUND
 */
export function tryPolicy(
  db: Db,
  { agent: named, policy }: { agent: string; policy: PolicyChoice },
  now: Date,
): Promise<PolicyTrial> {
  return db.$transaction(async (tx) => {
    const agent = await lockAgent(tx, named);
    if (!agent) throw new Refused('NOT_FOUND', { kind: 'agent', id: named });
    const from = new Date(now.getTime() - TRY_DAYS * DAY_MS);
    const rows = await requestHistory(tx, agent.id, from, TRY_REQUESTS);
    const total = (await agentUse(tx)).get(agent.id)?.total ?? NOTHING;
    const { sites, denied, deniedCount } = replay(withSeed(policy, TRIAL_SEED), rows.map(pastOf), total);
    const sum = (of: 'asked' | 'granted' | 'would') => sites.reduce((n, site) => n + site[of], 0);
    return {
      from,
      to: now,
      requests: rows.length,
      cut: rows.length === TRY_REQUESTS,
      asked: sum('asked'),
      granted: sum('granted'),
      would: sum('would'),
      sites,
      deniedCount,
      denied: denied.map((one) => ({ ...one, at: new Date(one.at) })),
    };
  });
}

/** Nodes that were refused for what no policy changes are left out. */
function pastOf(row: RequestRow): PastRequest {
  const end = row.overAt ?? row.endsAt;
  return {
    at: row.at.getTime(),
    until: Math.max(end.getTime(), row.at.getTime()),
    site: row.site,
    slice: row.slice,
    asked: row.granted + row.unmet,
    granted: row.granted,
    each: hardOf(row),
  };
}
