import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { simulatorEnv } from './env';
import { runProgram } from './program';
import { hostAndPort, serveNodes } from './serve';
import { SimulatedFleet } from './simulation/fleet';

/** A fleet of simulated nodes behind one TLS port. SIGHUP reads the manifest again. */
await runProgram(
  'simulator',
  () => simulatorEnv(process.env),
  async (env, log, fatal) => {
    const began = performance.now();
    const data = resolve(env.data);
    mkdirSync(data, { recursive: true, mode: 0o700 });
    const { address, manifest, heartbeatMs } = env;
    const fleet = await SimulatedFleet.open({ data, manifest, address, heartbeatMs, log, fatal });
    const server = await serveNodes(() => fleet.nodes.values(), hostAndPort(env.listen), log);
    let stopping = false;
    void fleet.enrolled().then(() => {
      if (!stopping)
        log.info(
          {
            ...fleet.facts(),
            listen: env.listen,
            tookMs: Math.round(performance.now() - began),
            rssMiB: Math.round(process.memoryUsage.rss() / 1_048_576),
          },
          'ready',
        );
    });
    return {
      stop: async () => {
        stopping = true;
        await server.close();
        await fleet.stop();
      },
      reload: () => fleet.reload(),
    };
  },
);
