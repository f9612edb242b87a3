-- CreateIndex
CREATE INDEX "HolderLease_holder_idx" ON "HolderLease"("holder");

