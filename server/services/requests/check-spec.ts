import type { z } from 'zod';
import { quotaOf } from '@/core/quota/quota';
import type { SpecCheck } from '@/protocol/api/slice';
import type { Tx } from '@/server/db';
import type { Person } from '../policy';
import { quotaMeter } from '../quota';
import { demandSite } from './demand-site';
import type { SpecInProgress } from './spec-in-progress';
import { judgeSpec } from './spec-problems';

/**
 * What a request like this would meet now. `ok` says that it would be accepted; problems that are only advisory (too few nodes
 * at the moment, over quota) stand in the list too. Changes nothing.
 */
export async function checkSpec(
  db: Tx,
  person: Person,
  spec: SpecInProgress,
  now: Date,
): Promise<z.infer<typeof SpecCheck>> {
  const site = await demandSite(db, person, spec.site);
  const { blocking, advisory, matching, quota, used } = await judgeSpec(db, site.id, spec, now);
  const wants = quotaOf(spec.resources, spec.count + new Set(spec.picked).size);
  return {
    ok: blocking.length === 0,
    problems: [...blocking, ...advisory],
    matching: matching.nodes,
    matchingCountries: matching.countries,
    quota: quota && quotaMeter(site, quota, used, wants),
  };
}
