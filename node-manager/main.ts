import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { Refused } from '@/core/errors';
import { decodeEnrolmentToken } from '@/protocol/pki/enrolment-token';
import { loadOrMakeIdentityKey } from '@/protocol/statement/keys';
import { RELAYED } from '@/protocol/transport/relay';
import { hostCapacity } from './capacity';
import { lookedUp } from './doctor/doctor';
import { chooseDriver } from './drivers/choose';
import { ownNames } from './drivers/oci/oci-driver';
import { enrolmentFile, nodeUrnIn } from './enrolment/enrolment';
import { nodeEnv } from './env';
import { HighWater } from './journal/high-water';
import { Ledger } from './ledger';
import { serveMetrics } from './monitor/metrics-server';
import { NodeManager } from './node';
import { PolicyFile } from './policy/policy-file';
import { runProgram } from './program';
import { RelayLine } from './relay/relay-line';
import { hostAndPort, serveNodes } from './serve';

/** One node manager, for the machine it runs on. */
await runProgram(
  'node',
  () => nodeEnv(process.env),
  async (env, log, fatal) => {
    const data = resolve(env.data);
    mkdirSync(data, { recursive: true, mode: 0o700 });
    const token = env.token ? decodeEnrolmentToken(env.token) : null;
    const urn = nodeUrnIn(`${data}/enrolment.json`) ?? token?.node;
    if (!urn)
      throw new Refused('CONFIG_INVALID', {
        variable: 'MERIDIAN_NODE_TOKEN',
        problem: 'this node is not enrolled yet: give it the enrolment token',
      });

    const journal = `${data}/journal`;
    const enrolments = enrolmentFile(`${data}/enrolment.json`);
    const highWater = new HighWater(`${env.run}/${ownNames(urn, data).tag}.journal`);
    const ledger = await Ledger.open(journal, log, fatal, Date.now, { highWater });
    const key = await loadOrMakeIdentityKey(`${data}/identity.pem`);
    const folder = env.images ? resolve(env.images) : `${data}/images`;
    const imageOptions = { folder, mirror: env.mirror, build: env.buildBase };
    const capacity = env.capacity ?? hostCapacity(data);
    const network = { capacityKbps: capacity.networkKbps, nameservers: env.nameservers, flows: env.flows };
    const { driver, drivers, images } = await chooseDriver(env.driver, {
      data,
      node: urn,
      log,
      images: imageOptions,
      network,
    });
    const policy = new PolicyFile(`${data}/policy.json`, log);
    const node = new NodeManager({
      urn,
      key,
      address: env.address,
      capacity,
      policy,
      driver,
      drivers,
      ledger,
      enrolments,
      token,
      log,
      ...(images ? { imageProblems: images.problems } : {}),
      heartbeatMs: env.heartbeatMs,
      host: {
        data,
        abilities: lookedUp(data, folder).map(({ id, outcome }) => ({ name: id, able: outcome === 'ok' })),
      },
      access: {
        folder: `${data}/ssh`,
        ports: env.sshPorts,
        listen: hostAndPort(env.listen).host,
        host: env.address === RELAYED ? null : hostAndPort(env.address).host,
      },
    });
    await node.beBorn();
    const server = await serveNodes(() => [node], hostAndPort(env.listen), log);
    const relay =
      env.address === RELAYED
        ? new RelayLine({
            node: urn,
            agent: () => node.link.agentTarget,
            identity: node.link.source,
            accept: (socket) => server.accept(socket),
            log,
          })
        : null;
    const metrics = env.metricsListen && (await serveMetrics(node, hostAndPort(env.metricsListen), log));
    let stopping = false;
    const began = node.link.ensureEnrolled().then(async () => {
      await node.begin();
      relay?.begin();
      log.info(
        {
          node: urn,
          listen: env.listen,
          metrics: env.metricsListen,
          address: env.address,
          driver: driver.name,
          incarnation: node.state.incarnation,
          leases: node.state.leases.size,
        },
        'ready',
      );
      images?.begin();
    });
    began.catch((error: unknown) => stopping || fatal(error));
    return {
      stop: async () => {
        stopping = true;
        await images?.stop();
        await relay?.stop();
        if (metrics) await metrics.close();
        await server.close();
        await node.stop(env.stopSliversOnExit);
        await ledger.close();
      },
    };
  },
);
