import { MAX_LEASE_SECONDS } from '@/core/lease/term';
import type { Role } from '../services/policy';

export type DemoPerson = { role: string; name: string; email: string; memberships: Role[]; operator: boolean };

/** The people of a demo, all at its home site. The second PI decides what the first asks for. */
export const DEMO_PEOPLE: readonly DemoPerson[] = [
  {
    role: 'researcher',
    name: 'Rosa Researcher',
    email: 'researcher@demo.example',
    memberships: ['researcher'],
    operator: false,
  },
  { role: 'pi', name: 'Paul Investigator', email: 'pi@demo.example', memberships: ['pi'], operator: false },
  { role: 'second-pi', name: 'Petra Investigator', email: 'pi2@demo.example', memberships: ['pi'], operator: false },
  { role: 'tech', name: 'Tariq Technician', email: 'tech@demo.example', memberships: ['tech'], operator: false },
  { role: 'operator', name: 'Olga Operator', email: 'operator@demo.example', memberships: [], operator: true },
];

/** Enough for several slices on 300 nodes of the default size. */
export const DEMO_QUOTA = {
  slivers: 1_200,
  cpuMilli: 240_000,
  memoryMiB: 524_288,
  diskMiB: 2_097_152,
  networkKbps: 4_000_000,
  maxTermSeconds: MAX_LEASE_SECONDS,
};

/** What each other demo site may hold. */
export const CITY_QUOTA = {
  slivers: 100,
  cpuMilli: 20_000,
  memoryMiB: 32_768,
  diskMiB: 131_072,
  networkKbps: 200_000,
  maxTermSeconds: 14 * 86_400,
};
