-- CreateTable
CREATE TABLE "NodeUsage" (
    "nodeId" UUID NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "host" JSONB NOT NULL,

    CONSTRAINT "NodeUsage_pkey" PRIMARY KEY ("nodeId")
);

-- CreateTable
CREATE TABLE "NodeUsageSample" (
    "nodeId" UUID NOT NULL,
    "at" TIMESTAMPTZ(0) NOT NULL,
    "periodMs" BIGINT NOT NULL,
    "cpuMs" BIGINT NOT NULL,
    "load1Milli" BIGINT NOT NULL,
    "memoryUsedBytes" BIGINT NOT NULL,
    "diskUsedBytes" BIGINT NOT NULL,
    "bytesIn" BIGINT NOT NULL,
    "bytesOut" BIGINT NOT NULL,

    CONSTRAINT "NodeUsageSample_pkey" PRIMARY KEY ("nodeId","at")
);

-- CreateTable
CREATE TABLE "SliverUsage" (
    "sliverId" UUID NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "periodMs" BIGINT NOT NULL,
    "cpuMs" BIGINT NOT NULL,
    "memoryBytes" BIGINT NOT NULL,
    "diskBytes" BIGINT,
    "bytesIn" BIGINT,
    "bytesOut" BIGINT,
    "pids" INTEGER NOT NULL,
    "cpuMsTotal" BIGINT NOT NULL,
    "bytesInTotal" BIGINT,
    "bytesOutTotal" BIGINT,
    "memoryPeakBytes" BIGINT NOT NULL,

    CONSTRAINT "SliverUsage_pkey" PRIMARY KEY ("sliverId")
);

-- CreateTable
CREATE TABLE "SliverUsageSample" (
    "sliverId" UUID NOT NULL,
    "at" TIMESTAMPTZ(0) NOT NULL,
    "periodMs" BIGINT NOT NULL,
    "cpuMs" BIGINT NOT NULL,
    "memoryBytes" BIGINT NOT NULL,
    "bytesIn" BIGINT,
    "bytesOut" BIGINT,

    CONSTRAINT "SliverUsageSample_pkey" PRIMARY KEY ("sliverId","at")
);

-- CreateIndex
CREATE INDEX "NodeUsageSample_at_idx" ON "NodeUsageSample"("at");

-- CreateIndex
CREATE INDEX "SliverUsageSample_at_idx" ON "SliverUsageSample"("at");

-- AddForeignKey
ALTER TABLE "NodeUsage" ADD CONSTRAINT "NodeUsage_nodeId_fkey" FOREIGN KEY ("nodeId") REFERENCES "Node"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "NodeUsageSample" ADD CONSTRAINT "NodeUsageSample_nodeId_fkey" FOREIGN KEY ("nodeId") REFERENCES "Node"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SliverUsage" ADD CONSTRAINT "SliverUsage_sliverId_fkey" FOREIGN KEY ("sliverId") REFERENCES "Sliver"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SliverUsageSample" ADD CONSTRAINT "SliverUsageSample_sliverId_fkey" FOREIGN KEY ("sliverId") REFERENCES "Sliver"("id") ON DELETE CASCADE ON UPDATE CASCADE;

