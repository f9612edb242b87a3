import type { z } from 'zod';
import { Refused } from '@/core/errors';
import type { DriverView } from '@/protocol/node-manager/schemas';
import type { ImageOptions, ImageStore } from '../images/image-store';
import type { Logger } from '../log';
import type { Driver } from './driver';
import type { NetworkChoices } from './oci/network/open-network';
import { probeOci } from './oci/probe';
import { SimulatedDriver } from './simulated';

type Host = {
  data: string;
  node: string;
  log: Logger;
  images: ImageOptions;
  network?: NetworkChoices;
};
type Chosen = { driver: Driver; drivers: z.infer<typeof DriverView>[]; images: ImageStore | null };

const SIMULATED_START_MS = 30;

/**
 * The driver for this host: `oci` where it can, else `simulated`, saying exactly what is missing. Throws DRIVER_UNABLE when
 * `oci` was asked for and cannot be.
 */
export async function chooseDriver(wanted: 'auto' | 'oci' | 'simulated', host: Host): Promise<Chosen> {
  const probed =
    wanted === 'simulated'
      ? { missing: ['not asked for: MERIDIAN_NODE_DRIVER is simulated'] }
      : await probeOci(host.data, host.node, host.log, host.images, host.network);
  const missing = 'missing' in probed ? probed.missing : [];
  const drivers = [
    { name: 'oci' as const, able: missing.length === 0, missing },
    { name: 'simulated' as const, able: true, missing: [] },
  ];
  if (wanted === 'oci' && missing.length > 0) throw new Refused('DRIVER_UNABLE', { driver: 'oci', missing });
  if ('driver' in probed) return { driver: probed.driver, drivers, images: probed.images };
  if (wanted !== 'simulated' && missing.length > 0)
    host.log.warn({ missing }, 'this host cannot run slivers as containers: they will be simulated');
  return {
    driver: new SimulatedDriver(() => ({ behaviour: 'normal', startMs: SIMULATED_START_MS })),
    drivers,
    images: null,
  };
}
