import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { caFingerprint } from '@/protocol/pki/certificate';
import { decodeEnrolmentToken } from '@/protocol/pki/enrolment-token';
import { probeOci } from '../drivers/oci/probe';
import { Enrolment } from '../enrolment/enrolment';
import type { nodeEnv } from '../env';
import { programLog } from '../log';
import { hostAndPort } from '../serve';
import { containerChecks } from './container-checks';
import { type Finding, less, missing, ok } from './finding';
import { networkChecks } from './network-checks';
import { clock, machine, port, systemd } from './service-checks';
import { storageChecks } from './storage-checks';

type Settings = Pick<ReturnType<typeof nodeEnv>, 'data' | 'images' | 'listen' | 'metricsListen' | 'token'>;

/** What a look shows; nothing is made, nobody is asked. Some milliseconds. */
export function lookedUp(data: string, images: string): Finding[] {
  if (process.platform !== 'linux') return [missing('kernel', `${process.platform}: real slivers need Linux`)];
  return [...containerChecks(), ...networkChecks(), ...storageChecks(data, images)];
}

/**
 * All that a host can and cannot do for a node with these settings. A container is made, asked and removed; ports are tried; the agent's
 * clock is asked. Changes nothing that lasts.
 */
export async function examine(settings: Settings): Promise<Finding[]> {
  const { data, listen, metricsListen } = settings;
  const findings = [machine(), ...lookedUp(data, settings.images ?? `${data}/images`)];
  const cannot = findings.filter(({ outcome }) => outcome === 'missing').map(({ id }) => id);
  findings.push(
    cannot.length > 0 ? missing('container', `not tried: ${cannot.join(', ')} missing`) : await container(data),
    await port('port', hostAndPort(listen), data),
  );
  if (metricsListen) findings.push(await port('metrics-port', hostAndPort(metricsListen), data));
  findings.push(systemd(), await clock(agentOf(settings)));
  return findings;
}

/** A container of a node of its own, so that it meets nothing of one that runs. */
async function container(data: string): Promise<Finding> {
  const folder = mkdtempSync(existsSync(data) ? `${data}/doctor-` : `${tmpdir()}/meridian-doctor-`);
  try {
    const from = performance.now();
    const name = folder.slice(folder.lastIndexOf('-') + 1);
    const probed = await probeOci(
      folder,
      `urn:publicid:IDN+meridian+node+doctor-${name}`,
      programLog('doctor', 'silent'),
    );
    if ('missing' in probed)
      return missing(
        'container',
        probed.missing.join('; '),
        'the log of the node manager (MERIDIAN_LOG_LEVEL=debug) says more',
      );
    const { missing: unconnected } = probed.driver.network;
    await probed.driver.close();
    const ms = Math.round(performance.now() - from);
    if (unconnected.length > 0)
      return less(
        'container',
        `made in ${ms} ms, without a network: ${unconnected.join('; ')}`,
        'docs/networking.md says what it needs',
      );
    return ok('container', `made, connected, asked and removed in ${ms} ms`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The agent of an enrolled node, or of one with a token; null when neither can be read. */
function agentOf({ data, token }: Settings): { address: string; ca: string } | null {
  try {
    if (token) {
      const { agent, ca } = decodeEnrolmentToken(token);
      return { address: agent, ca };
    }
    const { agent, caPem } = Enrolment.parse(JSON.parse(readFileSync(`${data}/enrolment.json`, 'utf8')));
    return { address: agent.address, ca: caFingerprint(caPem) };
  } catch {
    return null;
  }
}
