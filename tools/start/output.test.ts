import { describe, expect, test } from 'vitest';
import { coalesce, decodeLine, readable } from './output.mjs';

const noon = new Date(2026, 0, 1, 12, 0, 0);

describe("a program's line", () => {
  test('is read as what happened and its facts', () => {
    const line = JSON.stringify({
      level: 30,
      time: 1,
      program: 'agent',
      pid: 7,
      msg: 'ready',
      address: 'localhost:7420',
    });
    expect(decodeLine(line)).toEqual({ msg: 'ready', level: 30, facts: { address: 'localhost:7420' } });
    expect(readable('agent', line, noon)).toBe('12:00:00 agent     ready address=localhost:7420');
  });

  test.each(['plain text', '{"half":', '[1]', 'null', '{"msg":5}', ''])(
    'that is not ours stays as it is: %j',
    (line) => {
      expect(decodeLine(line)).toBeUndefined();
      expect(readable('web', line, noon)).toBe(`12:00:00 web       ${line}`);
    },
  );

  test('shows the stack of an error below it', () => {
    const line = JSON.stringify({ level: 50, msg: 'failed', err: { message: 'no', stack: 'Error: no\n    at x' } });
    expect(readable('web', line, noon)).toBe('12:00:00 web       failed \n    Error: no\n        at x');
  });
});

test('many lines alike are counted, one program at a time, and nothing that differs is lost', () => {
  const shown: string[] = [];
  const line = coalesce((program, text) => shown.push(`${program}: ${text}`));
  for (let i = 0; i < 10; i++) line('simulator', JSON.stringify({ msg: 'enrolled', node: i }));
  line('agent', 'hello');
  line('simulator', 'done');
  expect(shown).toEqual([
    'simulator: {"msg":"enrolled","node":0}',
    'simulator: {"msg":"enrolled","node":1}',
    'simulator: {"msg":"enrolled","node":2}',
    'agent: hello',
    'simulator: … enrolled (7 more)',
    'simulator: done',
  ]);
});
