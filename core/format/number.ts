import type { HardResource } from '../resources/vector';

/** A number with thousands separators: 12,345. The same in every locale, so that servers and browsers agree. */
export function formatNumber(n: number): string {
  const [whole = '0', fraction] = String(Math.abs(n)).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${n < 0 ? '−' : ''}${grouped}${fraction ? `.${fraction}` : ''}`;
}

/** A count and its noun: "1 node", "1,448 nodes". */
export function formatCount(n: number, singular: string, plural = `${singular}s`): string {
  return `${formatNumber(n)} ${n === 1 ? singular : plural}`;
}

const UNITS: Record<HardResource, { unit: string; of: string; per: number }> = {
  cpuMilli: { unit: 'cores', of: 'CPU', per: 1000 },
  memoryMiB: { unit: 'MiB', of: 'memory', per: 1 },
  diskMiB: { unit: 'MiB', of: 'disk', per: 1 },
  networkKbps: { unit: 'kbit/s', of: 'network', per: 1 },
};

/**
 * An amount with its unit: "2,048 MiB", "1.5 cores", "1 core". Amounts are in the resource's own unit (milli-cores,
 * MiB, kbit/s).
 */
export function formatAmount(resource: HardResource, amount: number): string {
  const { unit, per } = UNITS[resource];
  const value = Math.round((amount / per) * 1000) / 1000;
  return `${formatNumber(value)} ${unit === 'cores' && value === 1 ? 'core' : unit}`;
}

/** What the resource is called: "CPU", "memory", "disk", "network". */
export function resourceName(resource: HardResource): string {
  return UNITS[resource].of;
}

/** Is the text the name of a hard resource? */
export function isHardResource(text: unknown): text is HardResource {
  return typeof text === 'string' && Object.hasOwn(UNITS, text);
}
