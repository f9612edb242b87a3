-- AlterEnum
ALTER TYPE "RequestKind" ADD VALUE 'change';

-- AlterTable
ALTER TABLE "Quota" ADD COLUMN     "maxTotalSeconds" INTEGER NOT NULL DEFAULT 15552000;

-- AlterTable
ALTER TABLE "Request" ADD COLUMN     "change" JSONB;

-- AlterTable
ALTER TABLE "Slice" ADD COLUMN     "approvedCount" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "growingSince" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "Sliver" ADD COLUMN     "givenUpAt" TIMESTAMPTZ(3),
ADD COLUMN     "part" INTEGER NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "SliverMove" (
    "id" UUID NOT NULL,
    "sliceId" UUID NOT NULL,
    "fromId" UUID NOT NULL,
    "targetNode" TEXT,
    "otherSite" BOOLEAN NOT NULL DEFAULT false,
    "toId" UUID,
    "tried" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "state" TEXT NOT NULL DEFAULT 'open',
    "reason" JSONB,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "settledAt" TIMESTAMPTZ(3),

    CONSTRAINT "SliverMove_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "SliverMove_sliceId_settledAt_idx" ON "SliverMove"("sliceId", "settledAt");

-- CreateIndex
CREATE INDEX "SliverMove_fromId_idx" ON "SliverMove"("fromId");

-- CreateIndex
CREATE INDEX "SliverMove_toId_idx" ON "SliverMove"("toId");

-- AddForeignKey
ALTER TABLE "SliverMove" ADD CONSTRAINT "SliverMove_sliceId_fkey" FOREIGN KEY ("sliceId") REFERENCES "Slice"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SliverMove" ADD CONSTRAINT "SliverMove_fromId_fkey" FOREIGN KEY ("fromId") REFERENCES "Sliver"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SliverMove" ADD CONSTRAINT "SliverMove_toId_fkey" FOREIGN KEY ("toId") REFERENCES "Sliver"("id") ON DELETE SET NULL ON UPDATE CASCADE;


-- Slices of before were approved as they are.
UPDATE "Slice" SET "approvedCount" = "sliverCount" WHERE state NOT IN ('requested', 'rejected', 'withdrawn');

-- A sliver moves one way at a time, and a new one takes one place.
CREATE UNIQUE INDEX "SliverMove_fromId_open_key" ON "SliverMove"("fromId") WHERE "settledAt" IS NULL;
CREATE UNIQUE INDEX "SliverMove_toId_open_key" ON "SliverMove"("toId") WHERE "settledAt" IS NULL;
