import { describe, expect, test } from 'vitest';
import { testDatabase } from './postgres';

const database = await testDatabase();
const audit = `insert into "AuditEvent" (actor, action, "objectKind", "objectId") values ('test', 'made', 'slice', 'x')`;

describe('the migrations', () => {
  test('name every constraint that the schema language has no words for', async () => {
    const { rows } = await database.pool.query(
      `select indexname from pg_indexes where indexdef like '%UNIQUE%WHERE%' and schemaname = 'public' order by 1`,
    );
    expect(rows.map((row) => row.indexname)).toEqual(
      expect.arrayContaining(['Request_sliceId_pending_key', 'Slice_name_live_key', 'Sliver_sliceId_nodeId_live_key']),
    );
  });

  test.each(['update "AuditEvent" set actor = $$other$$', 'delete from "AuditEvent"', 'truncate "AuditEvent"'])(
    'refuse %s',
    async (change) => {
      await database.pool.query(audit);
      await expect(database.pool.query(change)).rejects.toThrow(/append-only/);
    },
  );

  test('give every foreign key an index', async () => {
    const { rows } = await database.pool.query(`
      select c.conrelid::regclass::text as "table", a.attname as "column"
      from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
      where c.contype = 'f' and c.connamespace = 'public'::regnamespace and not exists (
        select 1 from pg_index i where i.indrelid = c.conrelid and i.indkey[0] = c.conkey[1])`);
    expect(rows).toEqual([]);
  });
});

test('each file has a database of its own', async () => {
  const other = await testDatabase();
  await database.pool.query(audit);
  expect((await other.pool.query('select count(*)::int as n from "AuditEvent"')).rows[0].n).toBe(0);
  await other.drop();
});
