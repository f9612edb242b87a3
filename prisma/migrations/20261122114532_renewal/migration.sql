-- AlterTable
ALTER TABLE "Request" ADD COLUMN     "endsAt" TIMESTAMPTZ(3),
ADD COLUMN     "settledAt" TIMESTAMPTZ(3);


-- Which tickets renew a ticket: few do.
CREATE INDEX "Ticket_replaces_idx" ON "Ticket"("replaces") WHERE "replaces" IS NOT NULL;
