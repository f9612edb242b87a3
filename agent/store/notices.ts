import type { Queryable } from './database';

/** Ids of one payload: Postgres refuses 8,000 bytes and more, and a UUID takes 39 with its quotes and comma. */
const IDS_PER_NOTICE = 190;

/** NOTIFYs that nodes changed; heard when the transaction commits. */
export async function notifyNodes(tx: Queryable, ids: readonly string[]): Promise<void> {
  await send(
    tx,
    chunks(ids).map((some) => ({ k: 'node', ids: some })),
  );
}

/** NOTIFYs that slivers changed, grouped by their slices. */
export async function notifySlivers(tx: Queryable, slivers: readonly { id: string; sliceId: string }[]): Promise<void> {
  const bySlice = new Map<string, string[]>();
  for (const { id, sliceId } of slivers) bySlice.set(sliceId, [...(bySlice.get(sliceId) ?? []), id]);
  await send(
    tx,
    [...bySlice].flatMap(([slice, ids]) => chunks(ids).map((some) => ({ k: 'sliver', slice, ids: some }))),
  );
}

/** NOTIFYs that slices changed. */
export async function notifySlices(tx: Queryable, ids: readonly string[]): Promise<void> {
  await send(
    tx,
    ids.map((slice) => ({ k: 'slice', slice })),
  );
}

async function send(tx: Queryable, notices: readonly object[]): Promise<void> {
  if (notices.length === 0) return;
  const payloads = notices.map((notice) => JSON.stringify(notice));
  await tx.query(`SELECT pg_notify('meridian', payload) FROM unnest($1::text[]) AS payload`, [payloads]);
}

function chunks(ids: readonly string[]): string[][] {
  const all: string[][] = [];
  for (let at = 0; at < ids.length; at += IDS_PER_NOTICE) all.push(ids.slice(at, at + IDS_PER_NOTICE));
  return all;
}
