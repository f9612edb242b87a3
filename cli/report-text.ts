import type { z } from 'zod';
import { formatNumber } from '@/core/format/number';
import type { ImportReport } from '@/protocol/api/fleet';
import { type Column, plain, table } from './print';

type Report = z.infer<typeof ImportReport>;

/** An import's report for a terminal: what was taken, then per field what could not be used. */
export function reportText(report: Report, width?: number): string {
  const { read, added, changed, unchanged } = report.nodes;
  const parts = [
    `Read ${formatNumber(read)} nodes in ${report.seconds.toFixed(1)} s: ${formatNumber(added)} added, ${formatNumber(changed)} changed, ${formatNumber(unchanged)} unchanged.`,
    table(report.networks, NETWORKS, width),
  ];
  if (report.failures.length > 0) {
    parts.push(
      `The advertisement itself says that these could not be asked:\n${report.failures.map((each) => `  ${plain(each.aggregate)}: ${plain(each.problem)}`).join('\n')}`,
    );
  }
  if (report.unused.length > 0) parts.push(`What could not be used:\n${table(report.unused, UNUSED, width)}`);
  return `${parts.join('\n\n')}\n`;
}

const NETWORKS: Column<Report['networks'][number]>[] = [
  { head: 'NETWORK', cell: (row) => row.name },
  { head: 'NODES', cell: (row) => formatNumber(row.nodes), right: true },
  { head: 'SITES', cell: (row) => formatNumber(row.sites), right: true },
];

const UNUSED: Column<Report['unused'][number]>[] = [
  { head: 'FIELD', cell: (row) => row.field },
  { head: 'COUNT', cell: (row) => formatNumber(row.count), right: true },
  { head: 'WHY', cell: (row) => row.why },
  { head: 'FOR EXAMPLE', cell: (row) => row.examples.join(' | ') },
];
