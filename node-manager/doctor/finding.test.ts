import { expect, test } from 'vitest';
import { lookedUp } from './doctor';
import { EXIT, less, missing, ok, report, worst } from './finding';

test('says what is there, what is not, what mends it, and exits by the worst', () => {
  const findings = [ok('crun', 'crun 1.8'), less('ipv6', 'off', 'sysctl -w x=0')];
  expect(report(findings)).toBe(
    '✓ ok       crun  crun 1.8\n▲ less     ipv6  off\n                 → sysctl -w x=0\n\n1 ok, 1 less, 0 missing. Real slivers run on this host, with what is less above.\n',
  );
  expect(EXIT[worst(findings)]).toBe(0);
  expect(EXIT[worst([...findings, missing('root', 'runs as user 1000')])]).toBe(69);
});

test('every finding has a name of its own, short enough for a metric, whatever the host', () => {
  const ids = lookedUp('/var/lib/none', '/var/lib/none/images').map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeLessThanOrEqual(64);
  for (const id of ids) expect(id).toMatch(/^[a-z0-9-]{2,32}$/);
});
