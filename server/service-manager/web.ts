import { z } from 'zod';
import { parseSealKey } from '@/protocol/seal';
import { openPool } from '@/server/data/pool';
import { DatabaseEnvironment, parseEnvironment } from '@/server/env';
import { openServiceManager, type ServiceManager } from './service-manager';

const Environment = DatabaseEnvironment.extend({
  MERIDIAN_SEAL_KEY: z.string({ error: 'is missing: set it to 32 random bytes as base64url' }).transform(parseSealKey),
  MERIDIAN_AGENT_ADDRESS: z.string().max(300).default('localhost:7420'),
});

// Next evaluates modules once a bundle and again at each reload in development: keep one a process.
const held = globalThis as unknown as { meridianServiceManager?: Promise<ServiceManager> | undefined };

/** The web process's service manager, opened at first use; tried again after it could not be. @throws Refused CONFIG_INVALID */
export function webServiceManager(): Promise<ServiceManager> {
  held.meridianServiceManager ??= Promise.resolve()
    .then(open)
    .catch((err: unknown) => {
      held.meridianServiceManager = undefined;
      throw err;
    });
  return held.meridianServiceManager;
}

function open(): Promise<ServiceManager> {
  const env = parseEnvironment(Environment);
  return openServiceManager({
    db: openPool(env.DATABASE_URL, 2),
    sealKey: env.MERIDIAN_SEAL_KEY,
    authority: env.MERIDIAN_AUTHORITY,
    agentAddress: env.MERIDIAN_AGENT_ADDRESS,
  });
}
