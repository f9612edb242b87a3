import { processDb } from '@/server/db';
import { DatabaseEnvironment, parseEnvironment } from '@/server/env';
import { log } from '@/server/log';
import { Hub } from './hub';

// Next evaluates modules once a bundle; the program around it ends the streams. All meet at this name.
const held = globalThis as unknown as { meridianHub?: Hub };

/** This process's hub, made at first use. */
export function processHub(): Hub {
  held.meridianHub ??= new Hub(
    processDb(),
    parseEnvironment(DatabaseEnvironment.pick({ DATABASE_URL: true })).DATABASE_URL,
    log,
  );
  return held.meridianHub;
}

/** Ends all live streams of this process, if there are any. */
export async function endLiveStreams(): Promise<void> {
  await held.meridianHub?.close();
}
