-- The register of tickets is written by the thousand, each row durable before its ticket is handed out: what a row costs is what
-- issuing costs. Reasons and numbers: docs/decisions/0016-the-register-of-tickets.md.

-- Two checks and two row locks for every ticket. An agent issues under the locks of the nodes' keys, which are foreign keys to the
-- nodes; and the register says what was signed, whatever became of the node or the agent since.
ALTER TABLE "Ticket" DROP CONSTRAINT "Ticket_agentId_fkey";
ALTER TABLE "Ticket" DROP CONSTRAINT "Ticket_nodeId_fkey";

-- No query asks for all tickets of an agent.
DROP INDEX "Ticket_agentId_idx";

-- A ticket is known by its issuer and id everywhere; nothing referred to the row by an id of its own.
DROP INDEX "Ticket_iss_jti_key";
ALTER TABLE "Ticket" DROP CONSTRAINT "Ticket_pkey",
DROP COLUMN "id",
ADD CONSTRAINT "Ticket_pkey" PRIMARY KEY ("iss", "jti");

-- Both are null until the deployment binds the ticket: no entries for these.
DROP INDEX "Ticket_sliceId_idx";
CREATE INDEX "Ticket_sliceId_bound_idx" ON "Ticket"("sliceId") WHERE "sliceId" IS NOT NULL;
DROP INDEX "Ticket_sliverId_key";
CREATE UNIQUE INDEX "Ticket_sliverId_bound_key" ON "Ticket"("sliverId") WHERE "sliverId" IS NOT NULL;

-- Tickets that lapse are looked for every two seconds: only those that still can, oldest window first.
CREATE INDEX "Ticket_notAfter_issued_idx" ON "Ticket"("notAfter") WHERE "state" = 'issued';

-- A text of 1.5 to 3 KB, base64url of signatures and keys: does not compress, and costs less in the row than beside it.
ALTER TABLE "Ticket" ALTER COLUMN "text" SET STORAGE EXTERNAL;
ALTER TABLE "Ticket" SET (toast_tuple_target = 8160);
