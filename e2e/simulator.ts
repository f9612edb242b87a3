import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { freePort } from '@/tools/postgres.mjs';
import { dataFolder, systemUrl } from './fixtures';

const Line = z.object({ node: z.string(), behaviour: z.enum(['normal', 'slow', 'down', 'failing']) });
export type Simulator = {
  /** Resolves when every node is enrolled, with how many are. */
  ready: Promise<number>;
  /** The nodes that it was told to bring up, as its manifest says. */
  nodes: () => z.infer<typeof Line>[];
  /** Ends it as a person does; its exit code. */
  stop: () => Promise<number | null>;
};

/** `meridian simulate --fleet imported` on a free port, as the demo's operator: the very command that a person types. */
export async function simulateImported(...argv: string[]): Promise<Simulator> {
  const listen = `127.0.0.1:${await freePort()}`;
  const args = ['tools/meridian.mjs', '--json', 'simulate', '--fleet', 'imported', '--listen', listen, ...argv];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, MERIDIAN_TOKEN: '', MERIDIAN_URL: systemUrl(), MERIDIAN_DATA: dataFolder() },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  const ended = new Promise<number | null>((done) => child.once('exit', done));
  const ready = new Promise<number>((done, failed) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      said.push(line);
      const facts = Ready.safeParse(parse(line));
      if (facts.success) done(facts.data.enrolled);
    });
    createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
    ended.then((code) => failed(new Error(`simulate ended (exit code ${code}):\n${said.slice(-40).join('\n')}`)));
  });
  ready.catch(() => {}); // who waits for it hears of it
  return {
    ready,
    nodes: () => {
      const text = readFileSync(join(dataFolder(), 'simulate-imported', 'manifest.jsonl'), 'utf8');
      return text
        .trim()
        .split('\n')
        .map((line) => Line.parse(JSON.parse(line)));
    },
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

const Ready = z.object({ msg: z.literal('ready'), enrolled: z.int() });

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
