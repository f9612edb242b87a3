import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { findCgroups, processesIn } from '../drivers/oci/cgroups';
import { ownNames } from '../drivers/oci/oci-driver';
import { probeOci } from '../drivers/oci/probe';
import { programLog } from '../log';
import { nodeUrn, tempDirectory } from './agent-stub';

/** What this host lacks for real slivers; empty when it lacks nothing. Says it aloud: a skipped test must not look like a passed one. */
export async function hostLacks(test: string, needs: { network?: boolean } = {}): Promise<string[]> {
  const data = tempDirectory('probe');
  const probed = await probeOci(data, nodeUrn(`probe-${process.pid}`), programLog('test', 'silent'));
  rmSync(data, { recursive: true, force: true });
  if ('driver' in probed) {
    await probed.driver.close();
    const missing = needs.network ? [...probed.driver.network.missing] : [];
    if (missing.length > 0) console.warn(`SKIPPED ${test}: this host lacks ${missing.join('; ')}`);
    return missing;
  }
  console.warn(`SKIPPED ${test}: this host has no real slivers, for it lacks ${probed.missing.join('; ')}`);
  return probed.missing;
}

/** What of a node is on the host: mounts, folders in /run, control groups, processes. All empty: nothing leaked. */
export function tracesOf(node: string, data: string) {
  const { runtime, group } = ownNames(node, data);
  const cgroups = findCgroups();
  const containers = existsSync(runtime) ? readdirSync(runtime).filter((name) => name !== 'crun') : [];
  return {
    mounts: readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .filter((line) => line.includes(runtime)),
    containers,
    groups: cgroups.trees.flatMap((tree) =>
      existsSync(tree + group)
        ? readdirSync(tree + group, { withFileTypes: true })
            .filter((e) => e.isDirectory())
            .map((e) => e.name)
        : [],
    ),
    state: existsSync(`${runtime}/crun`) ? readdirSync(`${runtime}/crun`) : [],
    processes: containers.flatMap((name) => processesIn(cgroups, `${group}/${name}`)),
  };
}

export const NO_TRACES = { mounts: [], containers: [], groups: [], state: [], processes: [] };

/** Network namespaces that some process lives in. */
export function networkNamespaces(): Set<string> {
  const found = new Set<string>();
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      found.add(readlinkSync(`/proc/${pid}/ns/net`));
    } catch {
      // gone meanwhile
    }
  }
  return found;
}
