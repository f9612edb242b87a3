-- AlterTable
ALTER TABLE "Agent" ADD COLUMN     "adminSwitch" "AdminSwitch" NOT NULL DEFAULT 'open',
ADD COLUMN     "degreeMilli" INTEGER NOT NULL DEFAULT 1000,
ADD COLUMN     "lastSeenAt" TIMESTAMPTZ(3),
ADD COLUMN     "partnerId" UUID,
ADD COLUMN     "policy" JSONB NOT NULL DEFAULT '{"kind":"first-come"}',
ADD COLUMN     "revokedAt" TIMESTAMPTZ(3),
ADD COLUMN     "shareMilli" INTEGER NOT NULL DEFAULT 1000;

-- AlterTable
ALTER TABLE "Delegation" ADD COLUMN     "granteeJkt" TEXT,
ADD COLUMN     "issuerId" UUID,
ADD COLUMN     "line" TEXT,
ADD COLUMN     "parentId" UUID;

-- Those of before were roots, each to its agent's key (a new key of an agent voids what it had).
UPDATE "Delegation" d SET "granteeJkt" = a.jkt, line = d.jti FROM "Agent" a WHERE a.id = d."agentId";
ALTER TABLE "Delegation" ALTER COLUMN "granteeJkt" SET NOT NULL, ALTER COLUMN line SET NOT NULL;

-- AlterTable
ALTER TABLE "Heartbeat" ADD COLUMN     "revocationsHeard" BIGINT NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "Node" ADD COLUMN     "partnerId" UUID;

-- AlterTable
ALTER TABLE "Site" ADD COLUMN     "partnerId" UUID;

-- CreateTable
CREATE TABLE "Partner" (
    "id" UUID NOT NULL,
    "authority" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "agentAddress" TEXT,
    "caPem" TEXT,
    "managerJkt" TEXT,
    "state" TEXT NOT NULL DEFAULT 'invited',
    "takes" BOOLEAN NOT NULL DEFAULT false,
    "gives" BOOLEAN NOT NULL DEFAULT false,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "joinedAt" TIMESTAMPTZ(3),
    "readAt" TIMESTAMPTZ(3),
    "endedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Partner_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Revocation" (
    "id" UUID NOT NULL,
    "number" BIGSERIAL NOT NULL,
    "kind" TEXT NOT NULL,
    "jkt" TEXT,
    "iss" TEXT,
    "jti" TEXT,
    "nodeId" UUID,
    "endLeases" BOOLEAN NOT NULL DEFAULT false,
    "reason" TEXT NOT NULL DEFAULT '',
    "byId" TEXT,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ(3),

    CONSTRAINT "Revocation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "PrincipalKey" (
    "id" UUID NOT NULL,
    "userId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "jkt" TEXT NOT NULL,
    "publicKey" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "approvedAt" TIMESTAMPTZ(3),
    "approvedById" TEXT,
    "lastUsedAt" TIMESTAMPTZ(3),
    "revokedAt" TIMESTAMPTZ(3),

    CONSTRAINT "PrincipalKey_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "Partner_authority_key" ON "Partner"("authority");

-- CreateIndex
CREATE UNIQUE INDEX "Revocation_number_key" ON "Revocation"("number");

-- CreateIndex
CREATE INDEX "Revocation_jkt_idx" ON "Revocation"("jkt");

-- CreateIndex
CREATE INDEX "Revocation_nodeId_idx" ON "Revocation"("nodeId");

-- CreateIndex
CREATE INDEX "Revocation_byId_idx" ON "Revocation"("byId");

-- CreateIndex
CREATE UNIQUE INDEX "Revocation_iss_jti_key" ON "Revocation"("iss", "jti");

-- CreateIndex
CREATE UNIQUE INDEX "PrincipalKey_jkt_key" ON "PrincipalKey"("jkt");

-- CreateIndex
CREATE INDEX "PrincipalKey_userId_idx" ON "PrincipalKey"("userId");

-- CreateIndex
CREATE INDEX "PrincipalKey_approvedById_idx" ON "PrincipalKey"("approvedById");

-- CreateIndex
CREATE INDEX "Agent_partnerId_idx" ON "Agent"("partnerId");

-- CreateIndex
CREATE INDEX "Delegation_issuerId_idx" ON "Delegation"("issuerId");

-- CreateIndex
CREATE INDEX "Delegation_parentId_idx" ON "Delegation"("parentId");

-- CreateIndex
CREATE INDEX "Node_partnerId_idx" ON "Node"("partnerId");

-- CreateIndex
CREATE INDEX "Site_partnerId_idx" ON "Site"("partnerId");

-- AddForeignKey
ALTER TABLE "Site" ADD CONSTRAINT "Site_partnerId_fkey" FOREIGN KEY ("partnerId") REFERENCES "Partner"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Node" ADD CONSTRAINT "Node_partnerId_fkey" FOREIGN KEY ("partnerId") REFERENCES "Partner"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Agent" ADD CONSTRAINT "Agent_partnerId_fkey" FOREIGN KEY ("partnerId") REFERENCES "Partner"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Delegation" ADD CONSTRAINT "Delegation_issuerId_fkey" FOREIGN KEY ("issuerId") REFERENCES "Agent"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Delegation" ADD CONSTRAINT "Delegation_parentId_fkey" FOREIGN KEY ("parentId") REFERENCES "Delegation"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Revocation" ADD CONSTRAINT "Revocation_nodeId_fkey" FOREIGN KEY ("nodeId") REFERENCES "Node"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Revocation" ADD CONSTRAINT "Revocation_byId_fkey" FOREIGN KEY ("byId") REFERENCES "User"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "PrincipalKey" ADD CONSTRAINT "PrincipalKey_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "PrincipalKey" ADD CONSTRAINT "PrincipalKey_approvedById_fkey" FOREIGN KEY ("approvedById") REFERENCES "User"("id") ON DELETE SET NULL ON UPDATE CASCADE;

