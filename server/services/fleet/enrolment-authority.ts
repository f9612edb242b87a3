import type { Tx } from '@/server/db';
import type { EnrolmentAuthority } from './enrolment';

/** The agent's address and the CA's fingerprint that enrolment tokens pin. */
export function enrolmentAuthority(_db: Tx): Promise<EnrolmentAuthority> {
  throw new Error('enrolmentAuthority is not built yet');
}
