import { afterAll, expect, test } from 'vitest';
import type { LiveEvent, Topic } from '@/protocol/api/live';
import { addSliceMember, removeSliceMember } from '@/server/data/slice-changes';
import { programLog } from '@/server/log';
import { notify } from '@/server/notify';
import type { Person } from '@/server/services/policy';
import { requestSlice } from '@/server/services/requests/request-slice';
import { seedNodes, seedPerson, seedSite, someSpec } from '@/test/people';
import { testPrisma } from '@/test/prisma';
import { Hub } from './hub';
import { liveStream } from './stream';

const { db, url, pool } = await testPrisma();
const log = programLog('test').child({}, { level: 'silent' }) as ReturnType<typeof programLog>;
const hub = new Hub(db, url, log);
afterAll(() => hub.close());

const site = await seedSite(db, 'live');
const owner = await seedPerson(db, { roles: [[site.id, 'researcher']] });
const stranger = await seedPerson(db);

/** A slice with `count` slivers, each on a node of its own. */
async function seedSlice(count: number) {
  await pool.query(
    `INSERT INTO "Node" (id, urn, hostname, "siteId", "bootState", simulated)
     SELECT gen_random_uuid(), 'urn:publicid:IDN+meridian+node+live' || i, 'live' || i, $1, 'boot', true FROM generate_series(1, $2) i ON CONFLICT DO NOTHING`,
    [site.id, count],
  );
  const spec = { ...someSpec('live'), count: 1, minimum: 1 };
  const { name } = await requestSlice(db, owner, spec, new Date()).catch(() => ({ name: '' }));
  const slice = name
    ? await db.slice.findFirstOrThrow({ where: { name } })
    : await db.slice.create({
        data: {
          name: `live_${spec.shortName}`,
          urn: `urn:publicid:IDN+meridian:live+slice+live_${spec.shortName}`,
          siteId: site.id,
          ownerId: owner.id,
          spec,
          sliverCount: count,
          minimumCount: 1,
          cpuMilli: 1,
          memoryMiB: 1,
          diskMiB: 1,
          networkKbps: 1,
          termSeconds: 3600,
          graceSeconds: 0,
          state: 'deploying',
          members: { create: { userId: owner.id } },
        },
      });
  const { rows } = await pool.query<{ id: string }>(
    `INSERT INTO "Sliver" (id, "sliceId", "nodeId") SELECT gen_random_uuid(), $1, id FROM "Node" WHERE urn LIKE '%+live%' LIMIT $2 RETURNING id::text`,
    [slice.id, count],
  );
  return { id: slice.id, name: slice.name, slivers: rows.map((row) => row.id) };
}

/** A stream whose events can be waited for. */
function listen(person: Person, topics: Topic[]) {
  const abort = new AbortController();
  const events: LiveEvent[] = [];
  let ended = false;
  const done = (async () => {
    for await (const event of liveStream(hub, person, topics, abort.signal)) events.push(event);
    ended = true;
  })();
  return {
    events,
    hasEnded: () => ended,
    seen: (what: (events: LiveEvent[]) => boolean) =>
      expect.poll(() => what(events), { timeout: 8_000, interval: 10 }).toBe(true),
    stop: async () => {
      abort.abort();
      await done;
    },
  };
}

const setReported = async (sliceId: string, ids: string[], reported: string) => {
  await db.$transaction(async (tx) => {
    await tx.$executeRaw`UPDATE "Sliver" SET reported = ${reported}::"SliverReported", "changedAt" = now() WHERE id = ANY(${ids}::uuid[])`;
    await notify(tx, { k: 'sliver', slice: sliceId, ids });
  });
};
const isSnapshot = (event: LiveEvent) => event.t === 'slice' && event.snapshot;
const states = (events: LiveEvent[]) =>
  new Map(events.flatMap((e) => (e.t === 'slice' ? e.slivers.map((row) => [row.id, row.reported] as const) : [])));

test('a snapshot comes first, then only rows that changed, merged', async () => {
  const slice = await seedSlice(20);
  const stream = listen(owner, [`slice:${slice.name}`]);
  await stream.seen((events) => events.some(isSnapshot));
  expect(stream.events[0]).toMatchObject({ t: 'slice', snapshot: true, slivers: { length: 20 } });
  for (const id of slice.slivers.slice(0, 5)) await setReported(slice.id, [id], 'running');
  await stream.seen((events) => [...states(events).values()].filter((s) => s === 'running').length === 5);
  const changes = stream.events.slice(1).flatMap((e) => (e.t === 'slice' ? e.slivers : []));
  expect(stream.events.slice(1).some(isSnapshot)).toBe(false);
  expect(new Set(changes.map((row) => row.id))).toEqual(new Set(slice.slivers.slice(0, 5)));
  await stream.stop();
});

test('nothing is missed between following and the snapshot, nor goes back', async () => {
  const slice = await seedSlice(30);
  let at = 0;
  const writer = (async () => {
    for (const id of slice.slivers) {
      await setReported(slice.id, [id], 'running');
      at += 1;
    }
  })();
  const streams = [];
  for (let i = 0; i < 5; i++) {
    await expect.poll(() => at, { interval: 1 }).toBeGreaterThanOrEqual(i * 5);
    streams.push(listen(owner, [`slice:${slice.name}`]));
  }
  await writer;
  for (const stream of streams) {
    await stream.seen((events) => [...states(events).values()].filter((s) => s === 'running').length === 30);
    const seen = new Set<string>();
    for (const event of stream.events) {
      for (const row of event.t === 'slice' ? event.slivers : []) {
        if (row.reported === 'running') seen.add(row.id);
        else expect(seen.has(row.id)).toBe(false); // running never goes back to pending
      }
    }
    await stream.stop();
  }
});

test('a lost LISTEN connection costs no change: everyone gets a fresh snapshot', async () => {
  const slice = await seedSlice(3);
  const stream = listen(owner, [`slice:${slice.name}`]);
  await stream.seen((events) => events.some(isSnapshot));
  await pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'meridian-live' AND datname = current_database()`,
  );
  await setReported(slice.id, slice.slivers, 'running'); // nobody hears this notice
  await stream.seen((events) => events.filter(isSnapshot).length === 2);
  expect([...states(stream.events).values()]).toEqual(['running', 'running', 'running']);
  await stream.stop();
});

test('who may not see a slice is denied, as if there were none; who is taken off it hears no more', async () => {
  const slice = await seedSlice(2);
  const outsider = listen(stranger, [`slice:${slice.name}`, 'slice:live_none', 'approvals']);
  await outsider.seen((events) => events.length === 3);
  expect(outsider.events.map((e) => (e.t === 'denied' ? e.reason.code : e.t))).toEqual([
    'NOT_FOUND',
    'NOT_FOUND',
    'NOT_ALLOWED',
  ]);
  await outsider.stop();

  await addSliceMember(db, slice.id, stranger.id);
  const guest = listen(stranger, [`slice:${slice.name}`]);
  await guest.seen((events) => events.some(isSnapshot));
  await removeSliceMember(db, slice.id, stranger.id);
  await setReported(slice.id, slice.slivers, 'running');
  await guest.seen((events) => events.at(-1)?.t === 'denied');
  expect([...states(guest.events).values()]).not.toContain('running');
  await guest.stop();
});

test('the end of the session ends the stream, though the account goes on', async () => {
  const leaver = await seedPerson(db);
  let holds = true;
  const again = async () => (holds ? leaver : null);
  const events: LiveEvent[] = [];
  let ended = false;
  const done = (async () => {
    for await (const event of liveStream(hub, leaver, ['me'], undefined, again)) events.push(event);
    ended = true;
  })();
  await expect.poll(() => events.length).toBe(1);
  await notify(db, { k: 'user', id: leaver.id });
  await expect.poll(() => events.length).toBe(2);
  expect(ended).toBe(false);
  holds = false;
  await notify(db, { k: 'user', id: leaver.id });
  await done;
  expect(ended).toBe(true);
});

test('a closed account ends the stream, and so does the end of the process', async () => {
  const leaver = await seedPerson(db);
  const stream = listen(leaver, ['fleet', 'me']);
  await stream.seen((events) => events.length === 2);
  await db.user.update({ where: { id: leaver.id }, data: { disabledAt: new Date() } });
  await notify(db, { k: 'user', id: leaver.id });
  await stream.seen(() => stream.hasEnded());

  const other = new Hub(db, url, log);
  const abort = new AbortController();
  const iterator = liveStream(other, owner, ['fleet'], abort.signal);
  await iterator.next();
  const last = iterator.next();
  await other.close();
  expect((await last).done).toBe(true);
});

test('whoever follows trust hears of what is delegated and taken back, whoever writes it', async () => {
  await seedNodes(db, site.id, 1, new Date(), { prefix: 'told' });
  const stream = listen(owner, ['trust']);
  const heard = () => stream.events.filter((event) => event.t === 'changed' && event.topic === 'trust').length;
  await stream.seen(() => heard() === 1);
  const where = { node: { hostname: { startsWith: 'told' } } };
  await db.delegation.updateMany({ where, data: { revokedAt: new Date() } });
  await stream.seen(() => heard() === 2);
  await seedNodes(db, site.id, 1, new Date(), { prefix: 'more' });
  await stream.seen(() => heard() > 2);
  await stream.stop();
});
