import { z } from 'zod';
import { ReasonSchema } from '../node-manager/schemas';
import { HardAmountsSchema } from '../resources';

/** Shared pieces of the web API's views. Dates travel as Date (superjson). */
export const Id = z.uuid();
export const PersonRef = z.object({ id: z.string(), name: z.string(), email: z.string() });
export const SiteRef = z.object({ id: Id, loginBase: z.string(), name: z.string(), country: z.string().nullable() });
export const MemberRole = z.enum(['researcher', 'pi', 'tech']);
export const SliceState = z.enum([
  'requested',
  'approved',
  'rejected',
  'withdrawn',
  'deploying',
  'active',
  'degraded',
  'failed',
  'suspended',
  'deleting',
  'deleted',
]);
export const SliverReported = z.enum([
  'pending',
  'ticketed',
  'scheduled',
  'starting',
  'running',
  'stopped',
  'failed',
  'gone',
  'unknown',
]);
export const SliverDesired = z.enum(['running', 'stopped', 'gone']);
export const BootState = z.enum(['registered', 'install', 'boot', 'debug', 'disabled']);
export const AdminSwitch = z.enum(['open', 'draining', 'closed']);
export const Reachability = z.enum(['online', 'late', 'unreachable', 'never']);
export const Reason = ReasonSchema;
export const HardAmounts = HardAmountsSchema;
export const LoginBase = z
  .string()
  .regex(/^[a-z][a-z0-9]{0,19}$/, 'Lower-case letters and digits, starting with a letter.');
export const SliceName = z
  .string()
  .regex(
    /^(?=.{3,32}$)[a-z][a-z0-9]{0,19}_[a-z][a-z0-9]*$/,
    'Use <site>_<name>: lower-case letters and digits, at most 32 in all.',
  );
export type MemberRole = z.infer<typeof MemberRole>;
export type SliceState = z.infer<typeof SliceState>;
export type SliverReported = z.infer<typeof SliverReported>;
export type Reachability = z.infer<typeof Reachability>;
