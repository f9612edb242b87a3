import type { AnyTRPCRouter } from '@trpc/server';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { agentRouter } from '../agent/router';
import { nodeManagerRouter } from './router';

/**
 * Every field of every call is bounded: walks the schemas themselves, so that a field added without a bound fails here. A
 * pattern bounds a string only when it cannot match one that is too long.
 */
const LONGEST = 65_536;

type Json = { [key: string]: unknown };
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What in a JSON schema can be as long or as large as its sender likes. */
function unbounded(schema: unknown, path: string, root: Json): string[] {
  if (!isObject(schema)) return schema === true || schema === undefined ? [`${path}: anything`] : [];
  if (typeof schema.$ref === 'string') {
    const name = schema.$ref.split('/').at(-1) ?? '';
    return unbounded(isObject(root.$defs) ? root.$defs[name] : undefined, path, root);
  }
  if ('const' in schema || 'enum' in schema || schema.type === 'boolean' || schema.type === 'null') return [];
  for (const key of ['anyOf', 'oneOf'] as const)
    if (Array.isArray(schema[key])) return schema[key].flatMap((one, i) => unbounded(one, `${path}|${i}`, root));
  if (Array.isArray(schema.allOf)) {
    const each = schema.allOf.map((one) => unbounded(one, path, root));
    return each.some((faults) => faults.length === 0) ? [] : each.flat();
  }
  if (schema.type === 'string') return stringBounded(schema) ? [] : [`${path}: string`];
  if (schema.type === 'number' || schema.type === 'integer') {
    const low = schema.minimum ?? schema.exclusiveMinimum;
    const high = schema.maximum ?? schema.exclusiveMaximum;
    return typeof low === 'number' && typeof high === 'number' ? [] : [`${path}: number`];
  }
  if (schema.type === 'array') {
    const faults = typeof schema.maxItems === 'number' ? [] : [`${path}: array`];
    return [...faults, ...unbounded(schema.items, `${path}[]`, root)];
  }
  if (schema.type === 'object') {
    const faults = Object.entries(isObject(schema.properties) ? schema.properties : {}).flatMap(([name, one]) =>
      unbounded(one, `${path}.${name}`, root),
    );
    if (isObject(schema.propertyNames)) faults.push(...unbounded(schema.propertyNames, `${path}{key}`, root));
    if (isObject(schema.additionalProperties))
      faults.push(...unbounded(schema.additionalProperties, `${path}{}`, root));
    return faults;
  }
  return [`${path}: ${JSON.stringify(schema).slice(0, 80)}`];
}

function stringBounded(schema: Json): boolean {
  if (typeof schema.maxLength === 'number' && schema.maxLength <= LONGEST) return true;
  const pattern = typeof schema.pattern === 'string' ? schema.pattern : '';
  // Anchored at both ends and without a part that repeats without end.
  return /^\^.*\$$/.test(pattern) && !/[*+]|\{\d+,\}/.test(pattern.replace(/\[[^\]]*\]/g, 'c').replace(/\\./g, 'c'));
}

function inputsOf(router: AnyTRPCRouter): [string, z.ZodType[]][] {
  return Object.entries(router._def.procedures).map(([path, procedure]) => {
    const { inputs } = (procedure as { _def: { inputs: z.ZodType[] } })._def; // as tRPC keeps them
    return [path, inputs];
  });
}

describe.each([
  ['node manager', nodeManagerRouter],
  ['agent', agentRouter],
] as const)('%s', (_name, router) => {
  const calls = inputsOf(router);
  test.each(calls)('%s: every field is bounded', (path, inputs) => {
    const faults = inputs.flatMap((input) => {
      const schema = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }) as Json; // a plain object
      return unbounded(schema, path, schema);
    });
    expect(faults).toEqual([]);
  });

  test.each(calls)('%s: hostile input is refused, and soon', (_path, inputs) => {
    const long = 'x'.repeat(1_000_000);
    const hostile = [
      null,
      [],
      long,
      Array(100_000).fill(long.slice(0, 10)),
      Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`k${i}`, i])),
      JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`),
    ];
    for (const input of inputs) {
      const required = input.safeParse({}).success ? [] : hostile;
      for (const value of required) {
        const began = performance.now();
        expect(input.safeParse(value).success).toBe(false);
        expect(performance.now() - began).toBeLessThan(1_000);
      }
    }
  });
});

test('the walk finds what is unbounded', () => {
  const schema = z.toJSONSchema(
    z.object({
      a: z.string(),
      b: z.array(z.string().max(3)),
      c: z.number(),
      d: z.object({ e: z.string().regex(/^a+$/).optional() }),
      f: z.record(z.string(), z.int().min(0).max(9)),
      fine: z.string().regex(/^[a-z]{1,9}$/),
      alsoFine: z.array(z.union([z.literal('x'), z.null()])).max(3),
    }),
    { io: 'input' },
  ) as Json;
  expect(unbounded(schema, 'x', schema)).toEqual([
    'x.a: string',
    'x.b: array',
    'x.c: number',
    'x.d.e: string',
    'x.f{key}: string',
  ]);
});
