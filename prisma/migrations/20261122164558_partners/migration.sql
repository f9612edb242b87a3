-- AlterTable
ALTER TABLE "Partner" ADD COLUMN     "inviteHash" TEXT,
ADD COLUMN     "inviteUntil" TIMESTAMPTZ(3),
ADD COLUMN     "inviteUsedAt" TIMESTAMPTZ(3),
ADD COLUMN     "problem" JSONB;

-- CreateTable
CREATE TABLE "PartnerGrant" (
    "id" UUID NOT NULL,
    "partnerId" UUID NOT NULL,
    "nodeId" UUID NOT NULL,
    "shareMilli" INTEGER NOT NULL,
    "degreeMilli" INTEGER NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "endedAt" TIMESTAMPTZ(3),

    CONSTRAINT "PartnerGrant_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "GuestSliver" (
    "nodeId" UUID NOT NULL,
    "leaseJti" TEXT NOT NULL,
    "slice" TEXT NOT NULL,
    "authority" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "since" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "GuestSliver_pkey" PRIMARY KEY ("nodeId","leaseJti")
);

-- CreateIndex
CREATE INDEX "PartnerGrant_nodeId_idx" ON "PartnerGrant"("nodeId");

-- CreateIndex
CREATE UNIQUE INDEX "PartnerGrant_partnerId_nodeId_key" ON "PartnerGrant"("partnerId", "nodeId");

-- CreateIndex
CREATE INDEX "GuestSliver_authority_idx" ON "GuestSliver"("authority");

-- CreateIndex
CREATE UNIQUE INDEX "Partner_inviteHash_key" ON "Partner"("inviteHash");

-- AddForeignKey
ALTER TABLE "PartnerGrant" ADD CONSTRAINT "PartnerGrant_partnerId_fkey" FOREIGN KEY ("partnerId") REFERENCES "Partner"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "PartnerGrant" ADD CONSTRAINT "PartnerGrant_nodeId_fkey" FOREIGN KEY ("nodeId") REFERENCES "Node"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "GuestSliver" ADD CONSTRAINT "GuestSliver_nodeId_fkey" FOREIGN KEY ("nodeId") REFERENCES "Node"("id") ON DELETE CASCADE ON UPDATE CASCADE;

