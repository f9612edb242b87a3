import { readFileSync, statfsSync } from 'node:fs';
import { release } from 'node:os';
import {
  type CpuTimes,
  cpuTimes,
  defaultInterfaces,
  loadMilli,
  memory,
  type Traffic,
  traffic,
  uptimeSeconds,
} from './proc';

/** The host at one moment; times and bytes count since boot. */
export type HostReading = {
  cpu: CpuTimes;
  load: [number, number, number];
  memoryBytes: number;
  memoryAvailableBytes: number;
  diskBytes: number;
  diskAvailableBytes: number;
  network: Traffic;
  uptimeSeconds: number;
  kernel: string;
};

/** Reads the host: some ten small files of /proc, a fraction of a millisecond. `data`: a folder on the file system that is meant. */
export function readHost(data: string): HostReading {
  const { totalBytes, availableBytes } = memory(text('/proc/meminfo'));
  const disk = statfsSync(data);
  return {
    cpu: cpuTimes(text('/proc/stat')),
    load: loadMilli(text('/proc/loadavg')),
    memoryBytes: totalBytes,
    memoryAvailableBytes: availableBytes,
    diskBytes: disk.blocks * disk.bsize,
    diskAvailableBytes: disk.bavail * disk.bsize,
    network: outwards(),
    uptimeSeconds: uptimeSeconds(text('/proc/uptime')),
    kernel: release().slice(0, 128),
  };
}

function outwards(): Traffic {
  const interfaces = traffic(text('/proc/net/dev'));
  const sum = { bytesIn: 0, bytesOut: 0 };
  for (const name of defaultInterfaces(text('/proc/net/route'), text('/proc/net/ipv6_route'))) {
    sum.bytesIn += interfaces.get(name)?.bytesIn ?? 0;
    sum.bytesOut += interfaces.get(name)?.bytesOut ?? 0;
  }
  return sum;
}

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // a host without IPv6 has no file of its routes
  }
}
