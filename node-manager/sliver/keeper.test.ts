import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { NOTHING_SAID } from '@/protocol/node-manager/limits';
import type { Driver } from '../drivers/driver';
import { programLog } from '../log';
import { SliverKeeper } from './keeper';

test('who waits for a sliver to go holds up nobody, also while others go before it', async () => {
  const left = new Map([
    ['a', 'running' as const],
    ['b', 'running' as const],
    ['c', 'running' as const],
  ]);
  const unused = () => Promise.reject(new Error('not used here'));
  const driver: Driver = {
    name: 'oci',
    images: [],
    auditMs: null,
    entrance: null,
    concurrency: 1,
    list: () => Promise.resolve(new Map(left)),
    start: unused,
    stop: unused,
    exec: unused,
    usage: () => Promise.resolve(new Map()),
    reset: unused,
    update: unused,
    note: () => {},
    logs: unused,
    enforcement: NOTHING_SAID,
    close: () => Promise.resolve(),
    async remove(id) {
      for (let i = 0; i < 5; i++) await turn();
      left.delete(id);
    },
  };
  const keeper = new SliverKeeper({
    node: 'urn:publicid:IDN+meridian:lab+node+n',
    driver,
    log: programLog('test', 'silent'),
    now: Date.now,
    leases: () => new Map(),
    lapse: unused,
    mark: unused,
    onChange: () => {},
  });
  await keeper.begin();
  await Promise.all([...left.keys()].map((id) => keeper.untilGone(id, 2000)));
  expect([...left.keys()]).toEqual([]);
  await keeper.stop(false);
});
