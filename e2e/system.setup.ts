import { startSystem } from '@/test/system';

/**
 * Starts the system that all browser tests share, unless MERIDIAN_E2E_URL says that one runs (with MERIDIAN_E2E_DATA, its
 * data folder). Tests find it in MERIDIAN_E2E_URL and MERIDIAN_E2E_DATA. It must end cleanly for the run to pass.
 */
export default async function setup(): Promise<() => Promise<void>> {
  if (process.env.MERIDIAN_E2E_URL) return async () => {};
  const system = await startSystem({ deadlineMs: 300_000 });
  process.env.MERIDIAN_E2E_URL = system.url;
  process.env.MERIDIAN_E2E_DATA = system.data;
  return async () => {
    const code = await system.stop();
    await system.remove();
    if (code !== 0) throw new Error(`the system ended with exit code ${code}:\n${system.output().slice(-4000)}`);
  };
}
