-- CreateEnum
CREATE TYPE "MemberRole" AS ENUM ('researcher', 'pi', 'tech');

-- CreateEnum
CREATE TYPE "BootState" AS ENUM ('registered', 'install', 'boot', 'debug', 'disabled');

-- CreateEnum
CREATE TYPE "AdminSwitch" AS ENUM ('open', 'draining', 'closed');

-- CreateEnum
CREATE TYPE "Reachability" AS ENUM ('online', 'late', 'unreachable');

-- CreateEnum
CREATE TYPE "SliceState" AS ENUM ('requested', 'approved', 'rejected', 'withdrawn', 'deploying', 'active', 'degraded', 'failed', 'suspended', 'deleting', 'deleted');

-- CreateEnum
CREATE TYPE "RequestKind" AS ENUM ('create', 'renew');

-- CreateEnum
CREATE TYPE "RequestState" AS ENUM ('pending', 'approved', 'rejected', 'withdrawn');

-- CreateEnum
CREATE TYPE "SliverDesired" AS ENUM ('running', 'stopped', 'gone');

-- CreateEnum
CREATE TYPE "SliverReported" AS ENUM ('pending', 'ticketed', 'scheduled', 'starting', 'running', 'stopped', 'failed', 'gone', 'unknown');

-- CreateEnum
CREATE TYPE "TicketState" AS ENUM ('issued', 'redeemed', 'burnt', 'lapsed');

-- CreateTable
CREATE TABLE "User" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "emailVerified" BOOLEAN NOT NULL DEFAULT false,
    "image" TEXT,
    "urn" TEXT,
    "operator" BOOLEAN NOT NULL DEFAULT false,
    "disabledAt" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "User_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Session" (
    "id" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "token" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,
    "ipAddress" TEXT,
    "userAgent" TEXT,
    "userId" TEXT NOT NULL,

    CONSTRAINT "Session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Account" (
    "id" TEXT NOT NULL,
    "accountId" TEXT NOT NULL,
    "providerId" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "accessToken" TEXT,
    "refreshToken" TEXT,
    "idToken" TEXT,
    "accessTokenExpiresAt" TIMESTAMPTZ(3),
    "refreshTokenExpiresAt" TIMESTAMPTZ(3),
    "scope" TEXT,
    "password" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Account_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Verification" (
    "id" TEXT NOT NULL,
    "identifier" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Verification_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "RateLimit" (
    "id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "count" INTEGER NOT NULL,
    "lastRequest" BIGINT NOT NULL,

    CONSTRAINT "RateLimit_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ApiKey" (
    "id" UUID NOT NULL,
    "userId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "tokenHash" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "lastUsedAt" TIMESTAMPTZ(3),
    "revokedAt" TIMESTAMPTZ(3),

    CONSTRAINT "ApiKey_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Site" (
    "id" UUID NOT NULL,
    "loginBase" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "urn" TEXT NOT NULL,
    "city" TEXT,
    "country" TEXT,
    "latitude" DOUBLE PRECISION,
    "longitude" DOUBLE PRECISION,
    "source" TEXT NOT NULL DEFAULT 'own',
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Site_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Membership" (
    "id" UUID NOT NULL,
    "userId" TEXT NOT NULL,
    "siteId" UUID NOT NULL,
    "role" "MemberRole" NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Membership_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Invite" (
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "siteId" UUID,
    "role" "MemberRole",
    "operator" BOOLEAN NOT NULL DEFAULT false,
    "tokenHash" TEXT NOT NULL,
    "invitedById" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "acceptedAt" TIMESTAMPTZ(3),
    "revokedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Invite_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Quota" (
    "siteId" UUID NOT NULL,
    "slivers" INTEGER NOT NULL,
    "cpuMilli" INTEGER NOT NULL,
    "memoryMiB" INTEGER NOT NULL,
    "diskMiB" INTEGER NOT NULL,
    "networkKbps" INTEGER NOT NULL,
    "maxTermSeconds" INTEGER NOT NULL,

    CONSTRAINT "Quota_pkey" PRIMARY KEY ("siteId")
);

-- CreateTable
CREATE TABLE "SshKey" (
    "id" UUID NOT NULL,
    "userId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "publicKey" TEXT NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "SshKey_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Node" (
    "id" UUID NOT NULL,
    "urn" TEXT NOT NULL,
    "hostname" TEXT NOT NULL,
    "siteId" UUID NOT NULL,
    "address" TEXT,
    "latitude" DOUBLE PRECISION,
    "longitude" DOUBLE PRECISION,
    "country" TEXT,
    "city" TEXT,
    "bootState" "BootState" NOT NULL DEFAULT 'registered',
    "adminSwitch" "AdminSwitch" NOT NULL DEFAULT 'open',
    "simulated" BOOLEAN NOT NULL DEFAULT false,
    "source" TEXT NOT NULL DEFAULT 'own',
    "network" TEXT,
    "attributes" JSONB NOT NULL DEFAULT '{}',
    "cpuMilli" INTEGER,
    "memoryMiB" INTEGER,
    "diskMiB" INTEGER,
    "networkKbps" INTEGER,
    "driver" TEXT,
    "enrolledAt" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Node_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "NodeKey" (
    "id" UUID NOT NULL,
    "nodeId" UUID NOT NULL,
    "jkt" TEXT NOT NULL,
    "publicKey" TEXT NOT NULL,
    "incarnation" TEXT NOT NULL,
    "enrolledAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revokedAt" TIMESTAMPTZ(3),

    CONSTRAINT "NodeKey_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "NodeInterface" (
    "id" UUID NOT NULL,
    "nodeId" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "ipv4" TEXT,
    "ipv6" TEXT,

    CONSTRAINT "NodeInterface_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "EnrolmentToken" (
    "id" UUID NOT NULL,
    "nodeId" UUID NOT NULL,
    "secretHash" TEXT NOT NULL,
    "createdById" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "usedAt" TIMESTAMPTZ(3),

    CONSTRAINT "EnrolmentToken_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Certificate" (
    "serial" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "jkt" TEXT NOT NULL,
    "notBefore" TIMESTAMPTZ(3) NOT NULL,
    "notAfter" TIMESTAMPTZ(3) NOT NULL,
    "revokedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Certificate_pkey" PRIMARY KEY ("serial")
);

-- CreateTable
CREATE TABLE "SealedSecret" (
    "name" TEXT NOT NULL,
    "sealed" BYTEA NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "SealedSecret_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "Agent" (
    "id" UUID NOT NULL,
    "urn" TEXT NOT NULL,
    "jkt" TEXT NOT NULL,
    "publicKey" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Agent_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Delegation" (
    "id" UUID NOT NULL,
    "iss" TEXT NOT NULL,
    "jti" TEXT NOT NULL,
    "nodeId" UUID NOT NULL,
    "agentId" UUID NOT NULL,
    "text" TEXT NOT NULL,
    "incarnation" TEXT NOT NULL,
    "cpuMilli" INTEGER NOT NULL,
    "memoryMiB" INTEGER NOT NULL,
    "diskMiB" INTEGER NOT NULL,
    "networkKbps" INTEGER NOT NULL,
    "degreeMilli" INTEGER NOT NULL,
    "notBefore" TIMESTAMPTZ(3) NOT NULL,
    "notAfter" TIMESTAMPTZ(3) NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revokedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Delegation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Heartbeat" (
    "nodeId" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "reachability" "Reachability" NOT NULL DEFAULT 'online',
    "since" TIMESTAMPTZ(3) NOT NULL,
    "journalSequence" BIGINT NOT NULL DEFAULT 0,
    "incarnation" TEXT NOT NULL,
    "freeCpuMilli" INTEGER NOT NULL,
    "freeMemoryMiB" INTEGER NOT NULL,
    "freeDiskMiB" INTEGER NOT NULL,
    "freeNetworkKbps" INTEGER NOT NULL,
    "slivers" INTEGER NOT NULL DEFAULT 0,
    "load1Milli" INTEGER,
    "facts" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "Heartbeat_pkey" PRIMARY KEY ("nodeId")
);

-- CreateTable
CREATE TABLE "Slice" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "urn" TEXT NOT NULL,
    "siteId" UUID NOT NULL,
    "ownerId" TEXT NOT NULL,
    "state" "SliceState" NOT NULL DEFAULT 'requested',
    "reason" JSONB,
    "spec" JSONB NOT NULL,
    "sliverCount" INTEGER NOT NULL,
    "minimumCount" INTEGER NOT NULL,
    "cpuMilli" INTEGER NOT NULL,
    "memoryMiB" INTEGER NOT NULL,
    "diskMiB" INTEGER NOT NULL,
    "networkKbps" INTEGER NOT NULL,
    "termSeconds" INTEGER NOT NULL,
    "graceSeconds" INTEGER NOT NULL,
    "startsAt" TIMESTAMPTZ(3),
    "endsAt" TIMESTAMPTZ(3),
    "warnedAt" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "approvedAt" TIMESTAMPTZ(3),
    "deployedAt" TIMESTAMPTZ(3),
    "deletedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Slice_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "SliceMember" (
    "sliceId" UUID NOT NULL,
    "userId" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "SliceMember_pkey" PRIMARY KEY ("sliceId","userId")
);

-- CreateTable
CREATE TABLE "Request" (
    "id" UUID NOT NULL,
    "kind" "RequestKind" NOT NULL,
    "sliceId" UUID NOT NULL,
    "requestedById" TEXT NOT NULL,
    "state" "RequestState" NOT NULL DEFAULT 'pending',
    "reason" TEXT NOT NULL,
    "termSeconds" INTEGER NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Request_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Decision" (
    "requestId" UUID NOT NULL,
    "byId" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "comment" TEXT NOT NULL DEFAULT '',
    "quota" JSONB NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Decision_pkey" PRIMARY KEY ("requestId")
);

-- CreateTable
CREATE TABLE "Sliver" (
    "id" UUID NOT NULL,
    "sliceId" UUID NOT NULL,
    "nodeId" UUID NOT NULL,
    "desired" "SliverDesired" NOT NULL DEFAULT 'running',
    "reported" "SliverReported" NOT NULL DEFAULT 'pending',
    "reason" JSONB,
    "lastSeen" TIMESTAMPTZ(3),
    "picked" BOOLEAN NOT NULL DEFAULT false,
    "substituteForId" UUID,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "runningAt" TIMESTAMPTZ(3),
    "changedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "goneAt" TIMESTAMPTZ(3),

    CONSTRAINT "Sliver_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Ticket" (
    "id" UUID NOT NULL,
    "iss" TEXT NOT NULL,
    "jti" TEXT NOT NULL,
    "agentId" UUID NOT NULL,
    "nodeId" UUID NOT NULL,
    "sliceUrn" TEXT NOT NULL,
    "sliceId" UUID,
    "sliverId" UUID,
    "state" "TicketState" NOT NULL DEFAULT 'issued',
    "text" TEXT NOT NULL,
    "cpuMilli" INTEGER NOT NULL,
    "memoryMiB" INTEGER NOT NULL,
    "diskMiB" INTEGER NOT NULL,
    "networkKbps" INTEGER NOT NULL,
    "startsAt" TIMESTAMPTZ(3) NOT NULL,
    "endsAt" TIMESTAMPTZ(3) NOT NULL,
    "notBefore" TIMESTAMPTZ(3) NOT NULL,
    "notAfter" TIMESTAMPTZ(3) NOT NULL,
    "replaces" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Ticket_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "TicketRequest" (
    "key" TEXT NOT NULL,
    "bodyHash" TEXT NOT NULL,
    "answer" JSONB NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "TicketRequest_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "Lease" (
    "id" UUID NOT NULL,
    "sliverId" UUID NOT NULL,
    "iss" TEXT NOT NULL,
    "jti" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "startsAt" TIMESTAMPTZ(3) NOT NULL,
    "endsAt" TIMESTAMPTZ(3) NOT NULL,
    "graceSeconds" INTEGER NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "endedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Lease_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Receipt" (
    "id" UUID NOT NULL,
    "nodeId" UUID NOT NULL,
    "iss" TEXT NOT NULL,
    "jti" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "ticketIss" TEXT NOT NULL,
    "ticketJti" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Receipt_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "DeploymentStep" (
    "id" BIGSERIAL NOT NULL,
    "sliceId" UUID NOT NULL,
    "sliverId" UUID,
    "step" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "attempt" INTEGER NOT NULL DEFAULT 1,
    "reason" JSONB,
    "startedAt" TIMESTAMPTZ(3) NOT NULL,
    "endedAt" TIMESTAMPTZ(3) NOT NULL,
    "worker" TEXT NOT NULL,

    CONSTRAINT "DeploymentStep_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "AuditEvent" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actorId" TEXT,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "objectKind" TEXT NOT NULL,
    "objectId" TEXT NOT NULL,
    "siteId" UUID,
    "facts" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "AuditEvent_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Notification" (
    "id" UUID NOT NULL,
    "userId" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "facts" JSONB NOT NULL DEFAULT '{}',
    "href" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "readAt" TIMESTAMPTZ(3),

    CONSTRAINT "Notification_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "WorkerLiveness" (
    "workerId" TEXT NOT NULL,
    "lockKey" BIGSERIAL NOT NULL,
    "startedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "WorkerLiveness_pkey" PRIMARY KEY ("workerId")
);

-- CreateIndex
CREATE UNIQUE INDEX "User_email_key" ON "User"("email");

-- CreateIndex
CREATE UNIQUE INDEX "User_urn_key" ON "User"("urn");

-- CreateIndex
CREATE UNIQUE INDEX "Session_token_key" ON "Session"("token");

-- CreateIndex
CREATE INDEX "Session_userId_idx" ON "Session"("userId");

-- CreateIndex
CREATE INDEX "Account_userId_idx" ON "Account"("userId");

-- CreateIndex
CREATE INDEX "Verification_identifier_idx" ON "Verification"("identifier");

-- CreateIndex
CREATE UNIQUE INDEX "RateLimit_key_key" ON "RateLimit"("key");

-- CreateIndex
CREATE UNIQUE INDEX "ApiKey_tokenHash_key" ON "ApiKey"("tokenHash");

-- CreateIndex
CREATE INDEX "ApiKey_userId_idx" ON "ApiKey"("userId");

-- CreateIndex
CREATE UNIQUE INDEX "Site_loginBase_key" ON "Site"("loginBase");

-- CreateIndex
CREATE UNIQUE INDEX "Site_urn_key" ON "Site"("urn");

-- CreateIndex
CREATE INDEX "Site_country_idx" ON "Site"("country");

-- CreateIndex
CREATE INDEX "Membership_siteId_idx" ON "Membership"("siteId");

-- CreateIndex
CREATE UNIQUE INDEX "Membership_userId_siteId_role_key" ON "Membership"("userId", "siteId", "role");

-- CreateIndex
CREATE UNIQUE INDEX "Invite_tokenHash_key" ON "Invite"("tokenHash");

-- CreateIndex
CREATE INDEX "Invite_siteId_idx" ON "Invite"("siteId");

-- CreateIndex
CREATE INDEX "Invite_invitedById_idx" ON "Invite"("invitedById");

-- CreateIndex
CREATE INDEX "Invite_email_idx" ON "Invite"("email");

-- CreateIndex
CREATE UNIQUE INDEX "SshKey_userId_fingerprint_key" ON "SshKey"("userId", "fingerprint");

-- CreateIndex
CREATE UNIQUE INDEX "Node_urn_key" ON "Node"("urn");

-- CreateIndex
CREATE INDEX "Node_siteId_idx" ON "Node"("siteId");

-- CreateIndex
CREATE INDEX "Node_country_idx" ON "Node"("country");

-- CreateIndex
CREATE INDEX "Node_bootState_idx" ON "Node"("bootState");

-- CreateIndex
CREATE UNIQUE INDEX "NodeKey_jkt_key" ON "NodeKey"("jkt");

-- CreateIndex
CREATE INDEX "NodeKey_nodeId_idx" ON "NodeKey"("nodeId");

-- CreateIndex
CREATE UNIQUE INDEX "NodeInterface_nodeId_name_key" ON "NodeInterface"("nodeId", "name");

-- CreateIndex
CREATE UNIQUE INDEX "EnrolmentToken_secretHash_key" ON "EnrolmentToken"("secretHash");

-- CreateIndex
CREATE INDEX "EnrolmentToken_nodeId_idx" ON "EnrolmentToken"("nodeId");

-- CreateIndex
CREATE INDEX "EnrolmentToken_createdById_idx" ON "EnrolmentToken"("createdById");

-- CreateIndex
CREATE INDEX "Certificate_jkt_idx" ON "Certificate"("jkt");

-- CreateIndex
CREATE UNIQUE INDEX "Agent_urn_key" ON "Agent"("urn");

-- CreateIndex
CREATE UNIQUE INDEX "Agent_jkt_key" ON "Agent"("jkt");

-- CreateIndex
CREATE INDEX "Delegation_nodeId_notAfter_idx" ON "Delegation"("nodeId", "notAfter");

-- CreateIndex
CREATE INDEX "Delegation_agentId_idx" ON "Delegation"("agentId");

-- CreateIndex
CREATE UNIQUE INDEX "Delegation_iss_jti_key" ON "Delegation"("iss", "jti");

-- CreateIndex
CREATE INDEX "Heartbeat_reachability_at_idx" ON "Heartbeat"("reachability", "at");

-- CreateIndex
CREATE INDEX "Slice_name_idx" ON "Slice"("name");

-- CreateIndex
CREATE INDEX "Slice_siteId_state_idx" ON "Slice"("siteId", "state");

-- CreateIndex
CREATE INDEX "Slice_ownerId_idx" ON "Slice"("ownerId");

-- CreateIndex
CREATE INDEX "Slice_state_endsAt_idx" ON "Slice"("state", "endsAt");

-- CreateIndex
CREATE INDEX "SliceMember_userId_idx" ON "SliceMember"("userId");

-- CreateIndex
CREATE INDEX "Request_sliceId_idx" ON "Request"("sliceId");

-- CreateIndex
CREATE INDEX "Request_requestedById_idx" ON "Request"("requestedById");

-- CreateIndex
CREATE INDEX "Request_state_createdAt_idx" ON "Request"("state", "createdAt");

-- CreateIndex
CREATE INDEX "Decision_byId_idx" ON "Decision"("byId");

-- CreateIndex
CREATE INDEX "Sliver_sliceId_idx" ON "Sliver"("sliceId");

-- CreateIndex
CREATE INDEX "Sliver_nodeId_idx" ON "Sliver"("nodeId");

-- CreateIndex
CREATE INDEX "Sliver_substituteForId_idx" ON "Sliver"("substituteForId");

-- CreateIndex
CREATE UNIQUE INDEX "Ticket_sliverId_key" ON "Ticket"("sliverId");

-- CreateIndex
CREATE INDEX "Ticket_agentId_idx" ON "Ticket"("agentId");

-- CreateIndex
CREATE INDEX "Ticket_nodeId_state_idx" ON "Ticket"("nodeId", "state");

-- CreateIndex
CREATE INDEX "Ticket_sliceId_idx" ON "Ticket"("sliceId");

-- CreateIndex
CREATE UNIQUE INDEX "Ticket_iss_jti_key" ON "Ticket"("iss", "jti");

-- CreateIndex
CREATE INDEX "TicketRequest_createdAt_idx" ON "TicketRequest"("createdAt");

-- CreateIndex
CREATE UNIQUE INDEX "Lease_sliverId_key" ON "Lease"("sliverId");

-- CreateIndex
CREATE UNIQUE INDEX "Lease_iss_jti_key" ON "Lease"("iss", "jti");

-- CreateIndex
CREATE INDEX "Receipt_nodeId_idx" ON "Receipt"("nodeId");

-- CreateIndex
CREATE INDEX "Receipt_ticketIss_ticketJti_idx" ON "Receipt"("ticketIss", "ticketJti");

-- CreateIndex
CREATE UNIQUE INDEX "Receipt_iss_jti_key" ON "Receipt"("iss", "jti");

-- CreateIndex
CREATE INDEX "DeploymentStep_sliceId_id_idx" ON "DeploymentStep"("sliceId", "id");

-- CreateIndex
CREATE INDEX "DeploymentStep_sliverId_id_idx" ON "DeploymentStep"("sliverId", "id");

-- CreateIndex
CREATE INDEX "AuditEvent_objectKind_objectId_idx" ON "AuditEvent"("objectKind", "objectId");

-- CreateIndex
CREATE INDEX "AuditEvent_actorId_idx" ON "AuditEvent"("actorId");

-- CreateIndex
CREATE INDEX "AuditEvent_siteId_idx" ON "AuditEvent"("siteId");

-- CreateIndex
CREATE INDEX "AuditEvent_at_idx" ON "AuditEvent"("at");

-- CreateIndex
CREATE INDEX "Notification_userId_readAt_idx" ON "Notification"("userId", "readAt");

-- CreateIndex
CREATE UNIQUE INDEX "WorkerLiveness_lockKey_key" ON "WorkerLiveness"("lockKey");

-- AddForeignKey
ALTER TABLE "Session" ADD CONSTRAINT "Session_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Account" ADD CONSTRAINT "Account_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ApiKey" ADD CONSTRAINT "ApiKey_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Membership" ADD CONSTRAINT "Membership_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Membership" ADD CONSTRAINT "Membership_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Invite" ADD CONSTRAINT "Invite_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Invite" ADD CONSTRAINT "Invite_invitedById_fkey" FOREIGN KEY ("invitedById") REFERENCES "User"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Quota" ADD CONSTRAINT "Quota_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SshKey" ADD CONSTRAINT "SshKey_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Node" ADD CONSTRAINT "Node_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "NodeKey" ADD CONSTRAINT "NodeKey_nodeId_fkey" FOREIGN KEY ("nodeId") REFERENCES "Node"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "NodeInterface" ADD CONSTRAINT "NodeInterface_nodeId_fkey" FOREIGN KEY ("nodeId") REFERENCES "Node"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "EnrolmentToken" ADD CONSTRAINT "EnrolmentToken_nodeId_fkey" FOREIGN KEY ("nodeId") REFERENCES "Node"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "EnrolmentToken" ADD CONSTRAINT "EnrolmentToken_createdById_fkey" FOREIGN KEY ("createdById") REFERENCES "User"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Delegation" ADD CONSTRAINT "Delegation_nodeId_fkey" FOREIGN KEY ("nodeId") REFERENCES "Node"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Delegation" ADD CONSTRAINT "Delegation_agentId_fkey" FOREIGN KEY ("agentId") REFERENCES "Agent"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Heartbeat" ADD CONSTRAINT "Heartbeat_nodeId_fkey" FOREIGN KEY ("nodeId") REFERENCES "Node"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Slice" ADD CONSTRAINT "Slice_siteId_fkey" FOREIGN KEY ("siteId") REFERENCES "Site"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Slice" ADD CONSTRAINT "Slice_ownerId_fkey" FOREIGN KEY ("ownerId") REFERENCES "User"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SliceMember" ADD CONSTRAINT "SliceMember_sliceId_fkey" FOREIGN KEY ("sliceId") REFERENCES "Slice"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SliceMember" ADD CONSTRAINT "SliceMember_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Request" ADD CONSTRAINT "Request_sliceId_fkey" FOREIGN KEY ("sliceId") REFERENCES "Slice"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Request" ADD CONSTRAINT "Request_requestedById_fkey" FOREIGN KEY ("requestedById") REFERENCES "User"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Decision" ADD CONSTRAINT "Decision_requestId_fkey" FOREIGN KEY ("requestId") REFERENCES "Request"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Decision" ADD CONSTRAINT "Decision_byId_fkey" FOREIGN KEY ("byId") REFERENCES "User"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Sliver" ADD CONSTRAINT "Sliver_sliceId_fkey" FOREIGN KEY ("sliceId") REFERENCES "Slice"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Sliver" ADD CONSTRAINT "Sliver_nodeId_fkey" FOREIGN KEY ("nodeId") REFERENCES "Node"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Sliver" ADD CONSTRAINT "Sliver_substituteForId_fkey" FOREIGN KEY ("substituteForId") REFERENCES "Sliver"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Ticket" ADD CONSTRAINT "Ticket_agentId_fkey" FOREIGN KEY ("agentId") REFERENCES "Agent"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Ticket" ADD CONSTRAINT "Ticket_nodeId_fkey" FOREIGN KEY ("nodeId") REFERENCES "Node"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Ticket" ADD CONSTRAINT "Ticket_sliceId_fkey" FOREIGN KEY ("sliceId") REFERENCES "Slice"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Ticket" ADD CONSTRAINT "Ticket_sliverId_fkey" FOREIGN KEY ("sliverId") REFERENCES "Sliver"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Lease" ADD CONSTRAINT "Lease_sliverId_fkey" FOREIGN KEY ("sliverId") REFERENCES "Sliver"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Receipt" ADD CONSTRAINT "Receipt_nodeId_fkey" FOREIGN KEY ("nodeId") REFERENCES "Node"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "DeploymentStep" ADD CONSTRAINT "DeploymentStep_sliceId_fkey" FOREIGN KEY ("sliceId") REFERENCES "Slice"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "DeploymentStep" ADD CONSTRAINT "DeploymentStep_sliverId_fkey" FOREIGN KEY ("sliverId") REFERENCES "Sliver"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Notification" ADD CONSTRAINT "Notification_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- What Prisma's schema language has no words for.

-- A slice's name is taken while the slice can still come to life or lives.
CREATE UNIQUE INDEX "Slice_name_live_key" ON "Slice"("name") WHERE "state" NOT IN ('rejected', 'withdrawn', 'deleted');

-- At most one live sliver per slice and node, also when two workers plan at once.
CREATE UNIQUE INDEX "Sliver_sliceId_nodeId_live_key" ON "Sliver"("sliceId", "nodeId") WHERE "goneAt" IS NULL;

-- At most one request of a slice waits for a decision.
CREATE UNIQUE INDEX "Request_sliceId_pending_key" ON "Request"("sliceId") WHERE "state" = 'pending';

-- What was written is not rewritten: the audit trail not at all, the timeline of a slice only removed with its slice.
CREATE FUNCTION "refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER "AuditEvent_append_only_row" BEFORE UPDATE OR DELETE ON "AuditEvent"
  FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "AuditEvent_append_only_table" BEFORE TRUNCATE ON "AuditEvent"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "DeploymentStep_append_only_row" BEFORE UPDATE ON "DeploymentStep"
  FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
