import type { RefusalFacts } from './errors';
import { formatSeconds } from './format/duration';
import { formatAmount, formatNumber, isHardResource, resourceName } from './format/number';
import { formatUtc } from './format/time';
import { parseUrn } from './identity/urn';

/**
 * Reads facts for a sentence: each reader gives its text, or the fallback when the fact is missing or of another
 * kind.
 */
export type FactsReader = ReturnType<typeof factsReader>;

/** Text from outside (an error of the kernel, a name) is shortened to this. */
const MAX_TEXT = 300;

export function factsReader(facts: RefusalFacts, now?: number) {
  const raw = (name: string) => (Object.hasOwn(facts, name) ? facts[name] : undefined);
  const number = (name: string): number | null => {
    const v = raw(name);
    return typeof v === 'number' && Number.isFinite(v) ? v : null;
  };
  const text = (name: string, fallback: string): string => {
    const v = raw(name);
    if (Array.isArray(v)) return v.length ? clip(v.join(', ')) : fallback;
    if (typeof v === 'number') return formatNumber(v);
    return typeof v === 'string' && v.trim() !== '' ? clip(v.trim()) : fallback;
  };
  return {
    text,
    /** The text inside a piece of a sentence, or nothing: `part('node', (n) => ' of ' + n)`. */
    part: (name: string, say: (value: string) => string): string => {
      const value = text(name, '');
      return value === '' ? '' : say(value);
    },
    /** A problem as the end of a sentence, without its own full stop. */
    problem: (name: string, fallback: string): string => text(name, fallback).replace(/[.\s]+$/, ''),
    has: (name: string): boolean => raw(name) !== undefined && raw(name) !== null,
    number,
    count: (name: string, fallback: string): string => {
      const n = number(name);
      return n === null ? fallback : formatNumber(n);
    },
    /** The short name of a URN, a plain name as it is. */
    name: (name: string, fallback: string): string => {
      const v = text(name, '');
      return v === '' ? fallback : (parseUrn(v)?.name ?? v);
    },
    time: (name: string): string | null => {
      const v = raw(name);
      return typeof v === 'string' || typeof v === 'number' ? formatUtc(v, now) : null;
    },
    duration: (name: string, fallback: string): string => {
      const n = number(name);
      return n === null ? fallback : formatSeconds(n);
    },
    /** "512 MiB" of the resource that the fact `resource` names; plain numbers for what is no hard resource. */
    amount: (name: string): string | null => {
      const n = number(name);
      const resource = raw('resource');
      if (n === null) return null;
      return isHardResource(resource) ? formatAmount(resource, n) : formatNumber(n);
    },
    /** "512 of the 2,048 MiB of memory", of two facts; null when one is missing. */
    share: (part: string, whole: string): string | null => {
      const [some, all, resource] = [number(part), number(whole), raw('resource')];
      if (some === null || all === null) return null;
      if (!isHardResource(resource)) return `${formatNumber(some)} of the ${formatNumber(all)}`;
      const bare = formatAmount(resource, some).split(' ')[0];
      return `${bare} of the ${formatAmount(resource, all)} of ${resourceName(resource)}`;
    },
    resource: (fallback: string): string => {
      const v = raw('resource');
      return isHardResource(v) ? resourceName(v) : text('resource', fallback);
    },
  };
}

function clip(text: string): string {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
}

/** Upper-case first letter, for a sentence that begins with a fact. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
