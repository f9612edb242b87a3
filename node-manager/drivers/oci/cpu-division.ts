import { writeFileSync } from 'node:fs';
import { cpuShares, entitlements } from '@/core/admission/shares';
import type { ResourceVector } from '@/core/resources/vector';
import { type Cgroups, treeOf } from './cgroups';
import { CPU_PERIOD_US, cpuCapMilli } from './limits';

/**
 * Divides the processor among the slivers that run: each has what is reserved for it and its share of the rest, whoever else wants
 * it. What one is entitled to depends on the others, so it is written anew when they change.
 */
export class CpuDivision {
  private readonly written = new Map<string, string>();

  constructor(
    private readonly cgroups: Cgroups,
    private readonly host: { cpuMilli: number; capsCpu: boolean },
  ) {}

  /** Paths of the running slivers' groups, with what they were given. One that has gone meanwhile is left out. */
  divide(groups: ReadonlyMap<string, ResourceVector>, places: number): void {
    const tree = treeOf(this.cgroups, 'cpu');
    if (!tree) return;
    const { cpuMilli } = this.host;
    const all = [...groups];
    const parts = all.map(([, r]) => ({ reserved: r.cpuMilli, weight: r.cpuShare }));
    const entitled = entitlements(cpuMilli, parts, places);
    for (const [i, [path, r]] of all.entries()) {
      const part = entitled[i] ?? r.cpuMilli;
      const shares = cpuShares(part, cpuMilli);
      const quotaUs = Math.round((Math.max(cpuCapMilli(r.cpuMilli, cpuMilli), part) * CPU_PERIOD_US) / 1000);
      const text = `${shares} ${quotaUs}`;
      if (this.written.get(path) === text) continue;
      if (this.write(`${tree}${path}`, shares, quotaUs)) this.written.set(path, text);
      else this.written.delete(path);
    }
    for (const path of this.written.keys()) if (!groups.has(path)) this.written.delete(path);
  }

  /** Somebody else wrote the group's limits: they are written again with the next division. */
  forget(path: string): void {
    this.written.delete(path);
  }

  private write(folder: string, shares: number, quotaUs: number): boolean {
    const v2 = this.cgroups.version === 2;
    try {
      // The same scale as crun's own: 2 to 262,144 is 1 to 10,000.
      if (v2) writeFileSync(`${folder}/cpu.weight`, String(1 + Math.floor(((shares - 2) * 9_999) / 262_142)));
      else writeFileSync(`${folder}/cpu.shares`, String(shares));
      if (!this.host.capsCpu) return true;
      if (v2) writeFileSync(`${folder}/cpu.max`, `${quotaUs} ${CPU_PERIOD_US}`);
      else writeFileSync(`${folder}/cpu.cfs_quota_us`, String(quotaUs));
      return true;
    } catch (err) {
      if (err instanceof Error && 'code' in err && (err.code === 'ENOENT' || err.code === 'ENODEV')) return false;
      throw err;
    }
  }
}
