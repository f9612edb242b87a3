import childProcess from 'node:child_process';
import fs from 'node:fs';
import { open } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

/**
 * A node manager that kills itself at its n-th step (MERIDIAN_TEST_KILL_AT): before a write, sync, rename or any other change to a file, before a
 * program is run, and after one has ended. The program itself knows nothing of it: what it imports from Node is wrapped before it is
 * loaded. Each step's number and name goes to the file MERIDIAN_TEST_STEPS.
 */
const killAt = Number(process.env.MERIDIAN_TEST_KILL_AT ?? 0);
const log = fs.openSync(process.env.MERIDIAN_TEST_STEPS ?? '/dev/null', 'a');
const note = fs.writeSync;
let steps = 0;

function step(name: string): void {
  steps += 1;
  note(log, `${steps} ${name}\n`);
  if (steps === killAt) process.kill(process.pid, 'SIGKILL');
}

type Call = (...args: unknown[]) => unknown;
function wrap(target: object, name: string, label: string): void {
  const original = Reflect.get(target, name) as Call; // one of Node's own functions
  Reflect.set(target, name, function stepping(this: unknown, ...args: unknown[]) {
    step(`${label}.${name}`);
    return Reflect.apply(original, this, args);
  });
}

const CHANGES = [
  'writeFileSync',
  'renameSync',
  'rmSync',
  'rmdirSync',
  'mkdirSync',
  'linkSync',
  'fsyncSync',
  'chownSync',
];
for (const name of CHANGES) wrap(fs, name, 'fs');
for (const name of ['rm', 'mkdir', 'rename', 'writeFile', 'rmdir']) wrap(fs.promises, name, 'fs.promises');
const handle = await open('/dev/null', 'r');
const prototype: object = Object.getPrototypeOf(handle); // shared by all file handles
for (const name of ['write', 'datasync', 'sync', 'truncate']) wrap(prototype, name, 'file');
await handle.close();
const { spawn } = childProcess;
Reflect.set(childProcess, 'spawn', (...args: Parameters<typeof spawn>) => {
  const name = String(args[0]).split('/').at(-1);
  step(`run ${name}`);
  return spawn(...args).once('exit', () => step(`ended ${name}`));
});
syncBuiltinESMExports();
await import('../main');
