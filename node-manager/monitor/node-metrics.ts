import { NODE_SLIVER_STATES } from '@/protocol/node-manager/schemas';
import type { NodeManager } from '../node';
import { nameOf } from '../sliver/names';
import { VERSION } from '../version';
import type { Family } from './exposition';

const MIB = 1_048_576;
/** Slivers with series of their own; a node has no more, and nobody's scrape grows beyond it. */
const MAX_SLIVERS = 1_000;

type Labelled = { labels: Record<string, string>; value: number | null };
const family = (name: string, help: string, type: Family['type'], samples: Labelled[]): Family => ({
  name,
  help,
  type,
  samples,
});

/** The node manager itself. */
export function nodeMetrics(node: NodeManager): Family[] {
  const { capacity, urn, driver } = node.o;
  const free = node.books.freeAt(node.o.ledger.now());
  const states = new Map<string, number>(NODE_SLIVER_STATES.map((state) => [state, 0]));
  for (const { state } of node.keeper.records.values()) states.set(state, (states.get(state) ?? 0) + 1);
  const resources = (of: typeof capacity): Labelled[] => [
    { labels: { resource: 'cpu_cores' }, value: of.cpuMilli / 1000 },
    { labels: { resource: 'memory_bytes' }, value: of.memoryMiB * MIB },
    { labels: { resource: 'disk_bytes' }, value: of.diskMiB * MIB },
    { labels: { resource: 'network_bytes_per_second' }, value: (of.networkKbps * 1000) / 8 },
  ];
  const { rss } = process.memoryUsage();
  const cpu = process.cpuUsage();
  const one = (value: number): Labelled[] => [{ labels: {}, value }];
  const identity = { node: urn, version: VERSION, driver: driver.name, kernel: node.monitor.last?.host.kernel ?? '' };
  return [
    family('meridian_node_info', 'Always 1; what this node is.', 'gauge', [{ labels: identity, value: 1 }]),
    family(
      'meridian_node_capacity',
      'What the node offers, in the unit that the label names.',
      'gauge',
      resources(capacity),
    ),
    family('meridian_node_free', 'What of it is not leased now.', 'gauge', resources(free)),
    family('meridian_node_leases', 'Leases that live.', 'gauge', one(node.state.leases.size)),
    family(
      'meridian_node_slivers',
      'Slivers by state.',
      'gauge',
      [...states].map(([state, value]) => ({ labels: { state }, value })),
    ),
    family(
      'meridian_node_journal_commits_total',
      'Durable commits of the journal.',
      'counter',
      one(node.o.ledger.sequence),
    ),
    family(
      'meridian_node_heartbeat_timestamp_seconds',
      'When the agent last took a heartbeat, Unix time; 0: not since the start.',
      'gauge',
      one(node.monitor.heardAt / 1000),
    ),
    family(
      'process_cpu_seconds_total',
      'Processor time of the node manager.',
      'counter',
      one((cpu.user + cpu.system) / 1e6),
    ),
    family('process_resident_memory_bytes', 'Memory of the node manager.', 'gauge', one(rss)),
    family(
      'process_start_time_seconds',
      'When the node manager started, Unix time.',
      'gauge',
      one(Math.round(Date.now() / 1000 - process.uptime())),
    ),
  ];
}

/** Each sliver, by its slice's name and its lease's id. */
export function sliverMetrics(node: NodeManager): Family[] {
  const rows = [...node.state.leases.values()].slice(0, MAX_SLIVERS).flatMap((lease) => {
    const meter = node.monitor.meters.get(lease.jti);
    return meter
      ? [
          {
            labels: { slice: nameOf(lease.slice), lease: lease.jti },
            use: meter.use(lease.jti),
            total: meter.total,
            limits: lease.resources,
          },
        ]
      : [];
  });
  const of = (value: (row: (typeof rows)[number]) => number | null) =>
    rows.map((row) => ({ labels: row.labels, value: value(row) }));
  return [
    family(
      'meridian_sliver_cpu_seconds_total',
      'Processor time of the sliver, over all its starts.',
      'counter',
      of((r) => r.total.cpuMs / 1000),
    ),
    family(
      'meridian_sliver_memory_bytes',
      'Memory in use, without what the kernel caches and would drop at once.',
      'gauge',
      of((r) => r.use.memoryBytes),
    ),
    family(
      'meridian_sliver_memory_limit_bytes',
      'Memory that it may use.',
      'gauge',
      of((r) => r.limits.memoryMiB * MIB),
    ),
    family(
      'meridian_sliver_disk_bytes',
      'What it wrote, as last measured.',
      'gauge',
      of((r) => r.use.diskBytes),
    ),
    family(
      'meridian_sliver_disk_limit_bytes',
      'Disk that it may use.',
      'gauge',
      of((r) => r.limits.diskMiB * MIB),
    ),
    family(
      'meridian_sliver_network_receive_bytes_total',
      'Received by the sliver.',
      'counter',
      of((r) => r.total.bytesIn),
    ),
    family(
      'meridian_sliver_network_transmit_bytes_total',
      'Sent by the sliver.',
      'counter',
      of((r) => r.total.bytesOut),
    ),
    family(
      'meridian_sliver_processes',
      'Processes and threads in it.',
      'gauge',
      of((r) => r.use.pids),
    ),
    family(
      'meridian_sliver_processes_limit',
      'Processes and threads that it may have.',
      'gauge',
      of((r) => r.limits.pidsMax),
    ),
  ];
}
