-- AlterTable
ALTER TABLE "Slice" ADD COLUMN     "ownManager" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "HolderLease" (
    "iss" TEXT NOT NULL,
    "jti" TEXT NOT NULL,
    "nodeId" UUID NOT NULL,
    "sliceUrn" TEXT NOT NULL,
    "holder" TEXT NOT NULL,
    "ticketIss" TEXT NOT NULL,
    "ticketJti" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "reason" JSONB,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "startsAt" TIMESTAMPTZ(3) NOT NULL,
    "endsAt" TIMESTAMPTZ(3) NOT NULL,
    "graceSeconds" INTEGER NOT NULL,
    "seenAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "endedAt" TIMESTAMPTZ(3),

    CONSTRAINT "HolderLease_pkey" PRIMARY KEY ("iss","jti")
);

-- CreateIndex
CREATE INDEX "HolderLease_ticketIss_ticketJti_idx" ON "HolderLease"("ticketIss", "ticketJti");

-- CreateIndex
CREATE INDEX "HolderLease_sliceUrn_idx" ON "HolderLease"("sliceUrn");

-- CreateIndex
CREATE INDEX "HolderLease_nodeId_idx" ON "HolderLease"("nodeId");

-- AddForeignKey
ALTER TABLE "HolderLease" ADD CONSTRAINT "HolderLease_nodeId_fkey" FOREIGN KEY ("nodeId") REFERENCES "Node"("id") ON DELETE CASCADE ON UPDATE CASCADE;

