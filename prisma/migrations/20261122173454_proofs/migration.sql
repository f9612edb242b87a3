-- CreateTable
CREATE TABLE "Proof" (
    "ticketIss" TEXT NOT NULL,
    "ticketJti" TEXT NOT NULL,
    "sliceId" UUID NOT NULL,
    "text" TEXT NOT NULL,
    "named" TEXT[],
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Proof_pkey" PRIMARY KEY ("ticketIss","ticketJti")
);

-- CreateIndex
CREATE INDEX "Proof_sliceId_idx" ON "Proof"("sliceId");

-- AddForeignKey
ALTER TABLE "Proof" ADD CONSTRAINT "Proof_sliceId_fkey" FOREIGN KEY ("sliceId") REFERENCES "Slice"("id") ON DELETE CASCADE ON UPDATE CASCADE;

