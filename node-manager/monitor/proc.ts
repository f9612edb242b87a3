/** What the kernel says in /proc, read from its text. Pure; a field that is not there is null or left out. */

/** A tick of /proc/stat is 10 ms on every Linux (USER_HZ). */
const TICK_MS = 10;

export type CpuTimes = { cores: number; busyMs: number; modesMs: Record<CpuMode, number> };
export const CPU_MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const;
export type CpuMode = (typeof CPU_MODES)[number];

/** /proc/stat: time since boot by what it went into, all cores added. */
export function cpuTimes(stat: string): CpuTimes {
  const fields = /^cpu\s+(.*)$/m.exec(stat)?.[1]?.split(/\s+/).map(Number) ?? [];
  const modesMs = Object.fromEntries(CPU_MODES.map((mode, i) => [mode, (fields[i] ?? 0) * TICK_MS])) as Record<
    CpuMode,
    number
  >; // every mode has its key
  const busyMs = CPU_MODES.reduce((sum, mode) => sum + (mode === 'idle' || mode === 'iowait' ? 0 : modesMs[mode]), 0);
  return { cores: Math.max(1, stat.match(/^cpu\d+ /gm)?.length ?? 1), busyMs, modesMs };
}

/** /proc/loadavg, in thousandths, over 1, 5 and 15 minutes. */
export function loadMilli(loadavg: string): [number, number, number] {
  const [one = 0, five = 0, fifteen = 0] = loadavg.split(' ').map((each) => Math.round(Number(each) * 1000) || 0);
  return [one, five, fifteen];
}

/** /proc/meminfo, in bytes. */
export function memory(meminfo: string): { totalBytes: number; availableBytes: number } {
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(meminfo)?.[1] ?? 0) * 1024;
  return { totalBytes: field('MemTotal'), availableBytes: field('MemAvailable') || field('MemFree') };
}

export type Traffic = { bytesIn: number; bytesOut: number };

/** /proc/net/dev: what went through each interface since it was made. */
export function traffic(netDev: string): Map<string, Traffic> {
  const found = new Map<string, Traffic>();
  for (const line of netDev.split('\n')) {
    const m = /^\s*([^:\s]+):\s*(.*)$/.exec(line);
    const fields = m?.[2]?.split(/\s+/).map(Number);
    if (m?.[1] && fields) found.set(m[1], { bytesIn: fields[0] ?? 0, bytesOut: fields[8] ?? 0 });
  }
  return found;
}

/** The interfaces that lead out: those of default routes in /proc/net/route and /proc/net/ipv6_route. */
export function defaultInterfaces(route: string, ipv6Route: string): Set<string> {
  const found = new Set<string>();
  for (const line of route.split('\n').slice(1)) {
    const [name, destination, , , , , , mask] = line.split('\t');
    if (name && destination === '00000000' && mask === '00000000') found.add(name);
  }
  for (const line of ipv6Route.split('\n')) {
    const fields = line.trim().split(/\s+/);
    const name = fields.at(-1);
    if (name && name !== 'lo' && /^0{32}$/.test(fields[0] ?? '') && fields[1] === '00') found.add(name);
  }
  return found;
}

/** /proc/uptime: whole seconds since boot. */
export function uptimeSeconds(uptime: string): number {
  return Math.floor(Number(uptime.split(' ')[0])) || 0;
}
