import type { NodeManager } from '../node';
import type { Family } from './exposition';
import { CPU_MODES } from './proc';

const gauge = (name: string, help: string, value: number | null): Family => ({
  name,
  help,
  type: 'gauge',
  samples: [{ value }],
});
const counter = (name: string, help: string, value: number | null): Family => ({
  ...gauge(name, help, value),
  type: 'counter',
});

/** The machine that the node runs on. Base units: seconds and bytes. */
export function hostMetrics(node: NodeManager): Family[] {
  const look = node.monitor.last;
  if (!look) return [];
  const { at, host, clock } = look;
  return [
    {
      name: 'meridian_host_cpu_seconds_total',
      help: 'Time of all cores since boot, by what it went into.',
      type: 'counter',
      samples: CPU_MODES.map((mode) => ({ labels: { mode }, value: host.cpu.modesMs[mode] / 1000 })),
    },
    gauge('meridian_host_cpu_cores', 'Cores that are online.', host.cpu.cores),
    gauge('meridian_host_load1', 'Load average over 1 minute.', host.load[0] / 1000),
    gauge('meridian_host_load5', 'Load average over 5 minutes.', host.load[1] / 1000),
    gauge('meridian_host_load15', 'Load average over 15 minutes.', host.load[2] / 1000),
    gauge('meridian_host_memory_size_bytes', 'Memory of the machine.', host.memoryBytes),
    gauge('meridian_host_memory_available_bytes', 'Memory that a program could get now.', host.memoryAvailableBytes),
    gauge('meridian_host_disk_size_bytes', "File system that holds the node's data.", host.diskBytes),
    gauge(
      'meridian_host_disk_available_bytes',
      "Free on the file system that holds the node's data.",
      host.diskAvailableBytes,
    ),
    counter(
      'meridian_host_network_receive_bytes_total',
      'Received through the interfaces of the default routes.',
      host.network.bytesIn,
    ),
    counter(
      'meridian_host_network_transmit_bytes_total',
      'Sent through the interfaces of the default routes.',
      host.network.bytesOut,
    ),
    gauge(
      'meridian_host_boot_time_seconds',
      'When the machine booted, Unix time.',
      Math.round(at / 1000 - host.uptimeSeconds),
    ),
    gauge(
      'meridian_host_clock_offset_seconds',
      "The agent's clock minus this machine's.",
      clock && clock.offsetMs / 1000,
    ),
    gauge('meridian_host_clock_error_seconds', 'How far off the clock offset may be.', clock && clock.errorMs / 1000),
    {
      name: 'meridian_host_ability',
      help: '1 where this host can do what the name says, else 0.',
      type: 'gauge',
      samples: node.monitor.o.abilities.map(({ name, able }) => ({ labels: { name }, value: able ? 1 : 0 })),
    },
  ];
}
