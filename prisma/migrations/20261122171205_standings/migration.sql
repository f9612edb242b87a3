-- DropIndex
DROP INDEX "Ticket_nodeId_state_idx";

-- AlterTable
ALTER TABLE "Ticket" ADD COLUMN     "graceSeconds" INTEGER NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "Standing" (
    "nodeId" UUID NOT NULL,
    "agentId" UUID NOT NULL,
    "text" TEXT,
    "takenAt" TIMESTAMPTZ(3),
    "wantedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Standing_pkey" PRIMARY KEY ("nodeId","agentId")
);

-- CreateIndex
CREATE INDEX "Standing_agentId_idx" ON "Standing"("agentId");

-- CreateIndex
CREATE INDEX "Ticket_nodeId_endsAt_idx" ON "Ticket"("nodeId", "endsAt");

-- AddForeignKey
ALTER TABLE "Standing" ADD CONSTRAINT "Standing_nodeId_fkey" FOREIGN KEY ("nodeId") REFERENCES "Node"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Standing" ADD CONSTRAINT "Standing_agentId_fkey" FOREIGN KEY ("agentId") REFERENCES "Agent"("id") ON DELETE CASCADE ON UPDATE CASCADE;

