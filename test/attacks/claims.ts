import { MAX_DELEGATION_BYTES } from '@/core/statement/bounds';
import { type Attack, type AttackGroup, world as w } from './attack';
import { payloadOf, signedAs } from './forge';

const { agent, node } = w.keys;
const payload = payloadOf(w.ticket());
/** The ticket's payload with something replaced, well signed by the agent. */
const altered = (
  name: string,
  from: string | RegExp,
  to: string,
  says: RegExp,
  code = 'STATEMENT_MALFORMED',
): Attack => ({
  name,
  make() {
    const made = payload.replace(from, () => to);
    if (made === payload) throw new Error(`${name}: nothing was changed`);
    return signedAs('ticket+jwt', made, agent);
  },
  code,
  says,
});
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const wide = (members: number) => `{${Array.from({ length: members }, (_, i) => `"${i}":0`).join()}}`;
const root = payloadOf(w.root);
const rootAs = (name: string, from: string | RegExp, to: string, says: RegExp): Attack => ({
  name,
  make() {
    const made = root.replace(from, () => to);
    if (made === root) throw new Error(`${name}: nothing was changed`);
    return w.ticket({ chain: [signedAs('delegation+jwt', made, node)] });
  },
  code: 'STATEMENT_MALFORMED',
  says,
});

const duplicates: Attack[] = [
  altered('a claim twice, the last one good', '{', '{"sub":"urn:publicid:IDN+m+user+eve",', /twice/),
  altered('a claim twice, the first one good', /}$/, ',"sub":"urn:publicid:IDN+m+user+eve"}', /twice/),
  altered('a claim twice, alike', '{', `{"iss":"${agent.jkt}",`, /twice/),
  altered('a claim twice, once escaped', '{', '{"s\\u0075b":"urn:publicid:IDN+m+user+eve",', /twice/),
  altered('an amount twice', '"cpuMilli":100,', '"cpuMilli":100,"cpuMilli":1,', /twice/),
  altered('a claim twice in what is ignored elsewhere', '"cnf":{', '"cnf":{"x":{"a":1,"a":2},', /twice/),
  altered('__proto__', '{', '{"__proto__":{"sub":"urn:publicid:IDN+m+user+eve"},', /__proto__/),
  altered('__proto__, escaped', '{', '{"\\u005f_proto__":{},', /__proto__/),
  rootAs(
    'a delegation with its rights twice',
    '{',
    '{"rights":{"cpuMilli":1,"memoryMiB":1,"diskMiB":1,"networkKbps":1},',
    /twice/,
  ),
];

const amounts: Attack[] = [
  altered('a negative amount', '"cpuMilli":100', '"cpuMilli":-100', /cpuMilli/),
  altered('a fraction', '"cpuMilli":100', '"cpuMilli":100.5', /cpuMilli/),
  altered('an amount as text', '"cpuMilli":100', '"cpuMilli":"100"', /cpuMilli/),
  altered('an amount beyond counting', '"cpuMilli":100', '"cpuMilli":9007199254740993', /safe range|shortest/),
  altered('infinity by exponent', '"cpuMilli":100', '"cpuMilli":1e999', /shortest|safe range/),
  altered('minus zero', '"cpuMilli":100', '"cpuMilli":-0', /shortest/),
  altered('another spelling of a number', '"cpuMilli":100', '"cpuMilli":1e2', /shortest/),
  altered('an unknown amount', '"cpuMilli"', '"gpuMilli":1,"cpuMilli"', /resources/),
  altered('no amounts', /"resources":\{[^}]*\}/, '"resources":{}', /resources/),
  altered('an unknown claim', '{', '{"admin":true,', /nrecognized/),
  altered('a claim of null', /"graceSeconds":\d+/, '"graceSeconds":null', /graceSeconds/),
  altered('a time beyond 2100', /"end":\d+/, '"end":4102444801', /end/),
  altered('a grace of years', /"graceSeconds":\d+/, '"graceSeconds":2592001', /graceSeconds/),
  rootAs('a degree below one', '"degreeMilli":2000', '"degreeMilli":999', /degreeMilli/),
  rootAs('a degree beyond bounds', '"degreeMilli":2000', '"degreeMilli":100001', /degreeMilli/),
  rootAs('a delegation with an unknown claim', '{', '{"transitive":true,', /nrecognized/),
];

const huge: Attack[] = [
  altered('a claim of 20 KB', /"sub":"[^"]*"/, `"sub":"urn:publicid:IDN+${'x'.repeat(20_000)}"`, /sub/),
  altered('a name of 257 characters', /"sub":"[^"]*"/, `"sub":"${'urn:publicid:IDN+'.padEnd(257, 'x')}"`, /sub/),
  altered('a claim beyond the bound', '{', `{"x":"${'x'.repeat(40_000)}",`, /./, 'STATEMENT_TOO_LARGE'),
  altered('lists in lists, 9 deep', '{', `{"x":${nested(9)},`, /nesting/),
  altered('lists in lists, 10,000 deep', '{', `{"x":${nested(10_000)},`, /nesting/),
  altered('three thousand claims', '{', `{"x":${wide(2500)},`, /nrecognized/),
  altered('five thousand escapes', /"sub":"[^"]*"/, `"sub":"${'\\u0061'.repeat(3_000)}"`, /sub/),
  altered('half a surrogate pair', /"sub":"[^"]*"/, '"sub":"urn:publicid:IDN+\\ud83d"', /surrogate/),
  altered('a jti of one character', /"jti":"[^"]*"/, '"jti":"x"', /jti/),
  altered('nine receipts', /}$/, `,"clears":[${Array(9).fill('"a.b.c"').join()}]}`, /clears/),
  altered('no receipt in a list of them', /}$/, ',"clears":[]}', /clears/),
  altered(
    'a chain of thousands of texts',
    /"chain":\[[^\]]*\]/,
    `"chain":[${Array(7_000).fill('""').join()}]`,
    /./,
    'CHAIN_TOO_DEEP',
  ),
  altered(
    'a link beyond its bound',
    /"chain":\[[^\]]*\]/,
    `"chain":["${'d'.repeat(MAX_DELEGATION_BYTES + 1)}"]`,
    /chain/,
  ),
  altered('an empty chain', /"chain":\[[^\]]*\]/, '"chain":[]', /chain/),
  altered('no chain', /,"chain":\[[^\]]*\]/, '', /chain/),
  altered(
    'one delegation, as before there were chains',
    /"chain":\[([^\]]*)\]/,
    `"delegation":"${w.root}"`,
    /older version/,
  ),
  altered('text instead of claims', /^.*$/s, '"ticket"', /no object/),
  altered('a list instead of claims', /^.*$/s, `[${payload}]`, /no object/),
  altered('something behind the claims', /}$/, '}{}', /text after/),
];

/** Attacks on what a statement says, well signed by who may. */
export const CLAIM_ATTACKS: AttackGroup[] = [
  { group: 'Claims twice', attacks: duplicates },
  { group: 'Amounts and members', attacks: amounts },
  { group: 'Too much, too little', attacks: huge },
];
