-- AlterTable
ALTER TABLE "Agent" ADD COLUMN     "formerJkts" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "nextJkt" TEXT,
ADD COLUMN     "nextPublicKey" TEXT,
ADD COLUMN     "nextSince" TIMESTAMPTZ(3),
ADD COLUMN     "rotateAskedAt" TIMESTAMPTZ(3);

-- CreateIndex
CREATE UNIQUE INDEX "Agent_nextJkt_key" ON "Agent"("nextJkt");

