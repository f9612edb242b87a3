import type { z } from 'zod';
import type { $ZodChecks, $ZodTypes } from 'zod/v4/core';

/** Says yes only to a value that the schema takes as it stands; a no may be wrong. */
export type Predicate = (value: unknown) => boolean;

/**
 * A predicate made of the schema's own rules, which says yes in a tenth of the time that a parse takes; null where the schema holds
 * what it does not know. After a no the schema itself has the word, and says what is wrong.
 */
export function predicateOf(schema: z.ZodType): Predicate | null {
  return made(schema as unknown as $ZodTypes); // every schema is one of these
}

function made(schema: $ZodTypes): Predicate | null {
  const { def } = schema._zod;
  switch (def.type) {
    case 'object':
      return def.catchall?._zod.def.type === 'never' ? ofObject(def.shape as Record<string, $ZodTypes>) : null;
    case 'array': {
      const element = made(def.element as $ZodTypes);
      const length = lengthOf(def.checks);
      return element && length && ((v) => Array.isArray(v) && length(v.length) && v.every(element));
    }
    case 'optional': {
      const inner = made(def.innerType as $ZodTypes);
      return inner && ((v) => v === undefined || inner(v));
    }
    case 'literal': {
      const [only] = def.values;
      return def.values.length === 1 ? (v) => v === only : null;
    }
    case 'string':
      return 'format' in def ? null : ofString(def.checks);
    case 'number':
      return 'format' in def && def.format === 'safeint' ? ofWhole(def.checks) : null;
    default:
      return null;
  }
}

/** Exactly these members, those that are optional or not; each as it has to be. */
function ofObject(shape: Record<string, $ZodTypes>): Predicate | null {
  const names = Object.keys(shape);
  const members: Predicate[] = [];
  for (const name of names) {
    const member = made(shape[name] as $ZodTypes); // a name of its own
    if (!member) return null;
    members.push(member);
  }
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    const object = value as { [name: string]: unknown };
    let present = 0;
    for (let i = 0; i < names.length; i++) {
      const member = object[names[i] as string]; // as many as there are names
      if (member !== undefined) present++;
      if (!(members[i] as Predicate)(member)) return false;
    }
    for (const _ in object) present--;
    return present === 0;
  };
}

type Checks = readonly unknown[] | undefined;
const defsOf = (checks: Checks) => (checks ?? []).map((check) => (check as $ZodChecks)._zod.def); // all there are

function ofString(checks: Checks): Predicate | null {
  const tests: ((text: string) => boolean)[] = [];
  for (const def of defsOf(checks)) {
    if (def.check === 'max_length' || def.check === 'min_length') continue;
    if (def.check !== 'string_format') return null;
    if (def.format === 'regex' && def.pattern && !def.pattern.global && !def.pattern.sticky) {
      const { pattern } = def;
      tests.push((text) => pattern.test(text));
    } else if (def.format === 'starts_with' && 'prefix' in def) {
      const prefix = String(def.prefix);
      tests.push((text) => text.startsWith(prefix));
    } else return null;
  }
  const length = lengthOf(checks, 'string_format');
  return length && ((v) => typeof v === 'string' && length(v.length) && tests.every((test) => test(v)));
}

function lengthOf(checks: Checks, beside?: string): ((length: number) => boolean) | null {
  let [least, most] = [0, Number.MAX_SAFE_INTEGER];
  for (const def of defsOf(checks)) {
    if (def.check === 'max_length') most = Math.min(most, def.maximum);
    else if (def.check === 'min_length') least = Math.max(least, def.minimum);
    else if (def.check !== beside) return null;
  }
  return (length) => least <= length && length <= most;
}

function ofWhole(checks: Checks): Predicate | null {
  let [least, most] = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
  for (const def of defsOf(checks)) {
    if (def.check === 'greater_than' && def.inclusive) least = Math.max(least, Number(def.value));
    else if (def.check === 'less_than' && def.inclusive) most = Math.min(most, Number(def.value));
    else return null;
  }
  return (v) => Number.isSafeInteger(v) && least <= (v as number) && (v as number) <= most; // a number, as it says
}
