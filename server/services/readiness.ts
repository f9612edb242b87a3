import { probe } from '@/server/data/probe';
import { processDb } from '@/server/db';
import { webEnvironment } from '@/server/env';
import { log } from '@/server/log';

const WAIT_MS = 2000;

/** Can this web process serve? Says only which part is missing; the cause is in the log. */
export async function readiness(): Promise<{ ready: boolean; missing: string[] }> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${WAIT_MS} ms`)), WAIT_MS);
  });
  try {
    webEnvironment();
    await Promise.race([probe(processDb()), late]);
    return { ready: true, missing: [] };
  } catch (err) {
    log.warn({ err }, 'not ready');
    return { ready: false, missing: ['database'] };
  } finally {
    clearTimeout(timer);
  }
}
