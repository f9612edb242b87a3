import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TRPCClientError } from '@trpc/client';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { Refused } from '@/core/errors';
import { type Behaviour, sharesFrom, spread } from './behaviours';
import { failureOf } from './failure';
import { plain, table } from './print';
import { run } from './program';
import { reportText } from './report-text';
import { databaseEnvironment, settings, store } from './settings';

const data = mkdtempSync(join(tmpdir(), 'meridian-cli-'));
afterAll(() => rmSync(data, { recursive: true }));
afterEach(() => {
  process.exitCode = undefined;
  vi.unstubAllEnvs();
});

async function ran(...argv: string[]) {
  vi.stubEnv('MERIDIAN_DATA', join(data, 'empty'));
  vi.stubEnv('MERIDIAN_TOKEN', '');
  vi.stubEnv('MERIDIAN_URL', '');
  let [out, err] = ['', ''];
  await run(argv, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  const exit = process.exitCode ?? 0;
  process.exitCode = undefined;
  return { out, err, exit };
}

describe('the command line', () => {
  test('explains itself', async () => {
    const { out, exit } = await ran('--help');
    expect(exit).toBe(0);
    for (const command of ['exec', 'fleet', 'slices', 'slice', 'node', 'simulate', 'operator', 'login', 'whoami'])
      expect(out).toContain(command);
  });

  test.each([
    [['dance'], /unknown command/],
    [['exec', 'only-one'], /missing required argument/],
    [['simulate', '--fleet', 'other'], /Allowed choices are demo, imported/],
    [['simulate'], /required option/],
    [['fleet', 'list', '--colour'], /unknown option/],
  ])('%s is a wrong use, exit code 64', async (argv, says) => {
    const { err, exit } = await ran(...argv);
    expect(exit).toBe(64);
    expect(err).toMatch(says);
  });

  test.each([
    [['exec', 'lab_tides', 'node1'], /command was not accepted: give one after --/],
    [['exec', '--timeout', 'soon', 'lab_tides', 'node1', '--', 'true'], /give seconds/],
  ])('%s is refused before anything is sent', async (argv, says) => {
    const { err, exit } = await ran('--token', 'mrd_x', ...argv);
    expect(exit).toBe(65);
    expect(err).toMatch(says);
  });

  test('what works on the database finds the one that runs here, unless one is named', () => {
    const folder = mkdtempSync(join(data, 'running-'));
    const here = { MERIDIAN_DATA: folder };
    expect(databaseEnvironment(here)).toEqual(here);
    writeFileSync(join(folder, 'running.json'), '{"databaseUrl":null,"url":"http://localhost:1"}');
    expect(databaseEnvironment(here)).toEqual(here);
    writeFileSync(join(folder, 'running.json'), '{"databaseUrl":"postgresql://here","url":"http://localhost:1"}');
    expect(databaseEnvironment(here)).toMatchObject({
      DATABASE_URL: 'postgresql://here',
      MERIDIAN_URL: 'http://localhost:1',
    });
    expect(databaseEnvironment({ ...here, DATABASE_URL: 'postgresql://other' }).DATABASE_URL).toBe(
      'postgresql://other',
    );
  });

  test('without a token it says how to get one, without a stack', async () => {
    const { err, exit } = await ran('slices', 'list');
    expect(exit).toBe(77);
    expect(err).toMatch(/meridian login/);
    expect(err).not.toMatch(/\bat .*\.ts/);
  });

  test('with nobody at the address it says so, and as JSON for programs', async () => {
    const person = await ran('--url', 'http://127.0.0.1:9', '--token', 'mrd_x', 'whoami');
    expect(person.exit).toBe(69);
    expect(person.err).toMatch(/does not answer at http:\/\/127\.0\.0\.1:9/);
    const program = await ran('--url', 'http://127.0.0.1:9', '--token', 'mrd_x', '--json', 'whoami');
    expect(JSON.parse(program.out).failure.message).toMatch(/does not answer/);
  });

  test('options stand before or after the command', async () => {
    const { out } = await ran('whoami', '--url', 'http://127.0.0.1:9', '--token', 'mrd_x', '--json');
    expect(JSON.parse(out).failure.message).toMatch(/127\.0\.0\.1:9/);
  });

  test('a wrong address is named', async () => {
    expect((await ran('--url', 'ftp://x', 'whoami')).err).toMatch(/--url/);
  });
});

describe('settings', () => {
  test('an option counts before the environment, and that before what is stored', () => {
    const environment = { MERIDIAN_DATA: data };
    store({ url: 'http://localhost:4000', token: 'stored' }, join(data, 'cli.json'));
    expect(statSync(join(data, 'cli.json')).mode & 0o777).toBe(0o600);
    expect(settings({}, environment)).toEqual({ url: 'http://localhost:4000', token: 'stored', json: false });
    expect(settings({}, { ...environment, MERIDIAN_TOKEN: 'given' }).token).toBe('given');
    expect(settings({ token: 'option' }, { ...environment, MERIDIAN_TOKEN: 'given' }).token).toBe('option');
  });

  test('a stored token goes to no other address', () => {
    expect(settings({ url: 'https://elsewhere.example' }, { MERIDIAN_DATA: data }).token).toBeNull();
  });
});

describe('failures', () => {
  const url = 'http://localhost:3000';
  test('of the API are the refusal’s sentence and exit code', () => {
    const error = new TRPCClientError('NODE_UNREACHABLE', {
      result: {
        error: {
          message: 'x',
          code: -32_000,
          data: { refusal: { code: 'NODE_UNREACHABLE', facts: { node: 'node1.oslo' } }, requestId: null },
        },
      },
    });
    expect(failureOf(error, url)).toMatchObject({
      exit: 69,
      message: expect.stringMatching(/^node1\.oslo cannot be reached/i),
    });
  });
  test('of ours likewise', () =>
    expect(failureOf(new Refused('RSPEC_MALFORMED', { line: 7, problem: 'x' }), url)).toMatchObject({ exit: 65 }));
  test('that are bugs are 70', () =>
    expect(failureOf(new Error('boom'), url)).toMatchObject({ exit: 70, reason: null }));
});

describe('printing', () => {
  test('aligns and cuts', () => {
    const columns = [
      { head: 'A', cell: (row: [string, number]) => row[0] },
      { head: 'N', cell: (row: [string, number]) => String(row[1]), right: true },
    ];
    expect(
      table(
        [
          ['ab', 7],
          ['c', 1234],
        ],
        columns,
        80,
      ),
    ).toBe('A      N\nab     7\nc   1234');
    expect(table([['a'.repeat(50), 1]], columns, 10).split('\n')[1]).toBe('aaaaaaaaa…');
  });
  test('lets no control character reach the terminal', () => expect(plain('a\u001b[2Jb')).toBe('a [2Jb'));

  test('a report says what was taken and, per field, what was not', () => {
    const text = reportText({
      networks: [{ name: 'north', nodes: 5, sites: 2 }],
      nodes: { read: 1486, added: 1448, changed: 0, unchanged: 0 },
      unused: [{ field: 'location', count: 7, why: 'missing', examples: ['n1'] }],
      failures: [{ aggregate: 'away', problem: 'refused' }],
      seconds: 1.23,
    });
    expect(text).toMatch(/Read 1,486 nodes in 1\.2 s: 1,448 added/);
    expect(text).toMatch(/away: refused/);
    expect(text).toMatch(/location +7 +missing +n1/);
  });
});

describe('behaviours of a simulated fleet', () => {
  const normal: { behaviour: Behaviour; startMs: number } = { behaviour: 'normal', startMs: 30 };
  const lines = Array.from({ length: 100 }, (_, i) => ({ node: `n${i}`, ...normal }));
  test('are exact shares, the same each time', () => {
    const out = spread(lines, { slow: 0.05, down: 0.02, failing: 0.01 });
    const count = (behaviour: string) => out.filter((line) => line.behaviour === behaviour).length;
    expect([count('slow'), count('down'), count('failing')]).toEqual([5, 2, 1]);
    // The simulator multiplies by a hundred: 8 s.
    expect(new Set(out.filter((line) => line.behaviour === 'slow').map((line) => line.startMs))).toEqual(new Set([80]));
    expect(spread(lines, { slow: 0.05, down: 0.02, failing: 0.01 })).toEqual(out);
  });
  test.each([{ slow: '2' }, { down: '-1' }, { failing: 'x' }, { slow: '0.6', down: '0.6' }])(
    '%o is refused',
    (options) => {
      expect(() => sharesFrom(options)).toThrow(Refused);
    },
  );
});
