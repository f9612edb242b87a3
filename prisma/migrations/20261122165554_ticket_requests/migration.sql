-- AlterTable
ALTER TABLE "TicketRequest" ADD COLUMN     "agentId" UUID,
ADD COLUMN     "asked" INTEGER,
ADD COLUMN     "cpuMilli" INTEGER,
ADD COLUMN     "decision" JSONB,
ADD COLUMN     "diskMiB" INTEGER,
ADD COLUMN     "endsAt" TIMESTAMPTZ(3),
ADD COLUMN     "granted" INTEGER,
ADD COLUMN     "memoryMiB" INTEGER,
ADD COLUMN     "networkKbps" INTEGER,
ADD COLUMN     "renewal" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "site" TEXT,
ADD COLUMN     "sliceUrn" TEXT,
ADD COLUMN     "startsAt" TIMESTAMPTZ(3),
ADD COLUMN     "unmet" INTEGER;

-- CreateIndex
CREATE INDEX "TicketRequest_agentId_createdAt_idx" ON "TicketRequest"("agentId", "createdAt");

