import { z } from 'zod';
import { RefusalProof } from '../proof/schemas';
import { statement, TicketRef, thumbprint } from './schemas';

/** A ticket that this node refused for lack of room a moment ago. */
export const RefusalInput = TicketRef;
/** Null when it did not, or no longer knows: it keeps the last few. */
export const RefusalOutput = z.object({ proof: RefusalProof.nullable() });

/** Asks for the node's word on all tickets of an issuer; an agent asks for its own. */
export const StandingInput = z.object({ issuer: thumbprint });
/** receipt+jwt of kind `standing`; null when more of its tickets live there than one statement holds. */
export const StandingOutput = z.object({ standing: statement.nullable() });
