import { formatSeconds } from '@/core/format/duration';
import { formatAmount, resourceName } from '@/core/format/number';
import { HARD_RESOURCES, type HardAmounts } from '@/core/resources/vector';
import type { Inspection } from '@/protocol/statement/inspect';

/** A time of a claim (epoch seconds) as people read it, to the second. */
export const at = (seconds: number) =>
  new Date(seconds * 1000).toISOString().replace('T', ' ').replace('.000Z', ' UTC');
export const amounts = (v: HardAmounts) =>
  HARD_RESOURCES.map((r) => `${formatAmount(r, v[r])} ${resourceName(r)}`).join(' · ');
export const degree = (milli: number) =>
  milli === 1000 ? 'not oversubscribed' : `oversubscribed up to ${milli / 1000}×`;
const span = (from: number, to: number) => `${at(from)} – ${at(to)} (${formatSeconds(to - from)})`;

type Row = [label: string, value: string];

/** The claims of a statement in words, a row each. */
export function claimRows({ type, claims }: Pick<Inspection, 'type' | 'claims'>): Row[] {
  const one = { type, claims } as Inspection; // the two go together
  if (one.type === 'delegation+jwt') {
    const { claims: c } = one;
    const parent: Row[] = c.parent ? [['narrows', `the delegation whose text has the SHA-256 ${c.parent}`]] : [];
    return [
      ['id', c.jti], ['issuer', `key ${c.iss}`], ['node', c.node], ['to', `${c.granteeUrn}, public key ${c.grantee.x}`],
      ['rights', `${amounts(c.rights)}; ${degree(c.degreeMilli)}`], ['holds', span(c.nbf, c.exp)], ['incarnation', c.incarnation],
      ['line', c.line ?? 'the grantee’s only one'], ...parent,
    ]; // biome-ignore format: a table
  }
  if (one.type === 'ticket+jwt') {
    const { claims: c } = one;
    const more: Row[] = [];
    if (c.replaces) more.push(['renews', c.replaces]);
    if (c.clears)
      more.push(['carries', `${c.clears.length} of the node’s words that clear what its issuer had issued before`]);
    return [
      ['id', c.jti], ['issuer', `key ${c.iss}`], ['node', c.aud], ['slice', c.slice], ['for', c.sub], ['holder', `key ${c.cnf.jkt}`],
      ['amounts', `${amounts(c.resources)}; image ${c.resources.image}, profile ${c.resources.profile}`],
      ['lease', `${span(c.start, c.end)}, then ${formatSeconds(c.graceSeconds)} of grace`], ['redeem', span(c.nbf, c.exp)], ...more,
    ]; // biome-ignore format: a table
  }
  if (one.type === 'lease+jwt') {
    const { claims: c } = one;
    return [
      ['id', c.jti], ['issuer', `key ${c.iss}`], ['node', c.node], ['incarnation', c.incarnation], ['slice', c.slice], ['sliver', c.sliver],
      ['for', c.sub], ['holder', `key ${c.cnf.jkt}`], ['amounts', `${amounts(c.resources)}; image ${c.resources.image}, profile ${c.resources.profile}`],
      ['term', `${span(c.start, c.end)}, then ${formatSeconds(c.graceSeconds)} of grace`], ['ticket', `${c.ticket.jti} of key ${c.ticket.iss}`], ['signed', at(c.iat)],
    ]; // biome-ignore format: a table
  }
  const { claims: c } = one;
  const base: Row[] = [
    ['id', c.jti],
    ['issuer', `key ${c.iss}`],
    ['node', c.node],
    ['incarnation', c.incarnation],
    ['says', c.kind],
  ];
  if (c.kind === 'standing')
    return [...base, ['about', `the tickets of key ${c.issuer}`], ['as of', at(c.asOf)], ['live', c.live.map((tail) => `…${tail}`).join(', ') || 'none'],
      ['ended', c.ended.join(', ') || 'none'], ['taken back', c.revoked.map(({ jti, until }) => `${jti} until ${at(until)}`).join(', ') || 'none']]; // biome-ignore format: a table
  if (c.kind === 'revoked')
    return [
      ...base,
      ['delegation', `${c.delegation.jti} of key ${c.delegation.iss}`],
      ['since', at(c.since)],
      ['until', `${at(c.until)}, when the last lease under it ends`],
    ];
  return [
    ...base,
    ['slice', c.slice],
    ['ticket', `${c.ticket.jti} of key ${c.ticket.iss}`],
    ['why', `${c.code} ${JSON.stringify(c.facts)}`],
    ['since', at(c.since)],
  ];
}

/** Rows with their values below each other. */
export function rowsText(rows: readonly Row[], indent = '  '): string {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${indent}${label.padEnd(width)}  ${value}\n`).join('');
}
