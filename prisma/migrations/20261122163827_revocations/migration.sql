-- AlterEnum
ALTER TYPE "TicketState" ADD VALUE 'void';

-- AlterTable
ALTER TABLE "Revocation" ADD COLUMN     "actId" UUID NOT NULL,
ADD COLUMN     "facts" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN     "liftedAt" TIMESTAMPTZ(3);

-- CreateIndex
CREATE INDEX "Revocation_actId_idx" ON "Revocation"("actId");


-- Whoever writes one takes the lock before its number, and holds it until the commit: a higher number is never seen before a lower one.
CREATE FUNCTION number_revocation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('meridian:revocations', 0));
  NEW.number := nextval('"Revocation_number_seq"');
  RETURN NEW;
END $$;
CREATE TRIGGER revocation_number BEFORE INSERT ON "Revocation" FOR EACH ROW EXECUTE FUNCTION number_revocation();

-- Agents listen for these, and answer the nodes that wait.
CREATE FUNCTION tell_revocation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('meridian_revoked', '');
  RETURN NULL;
END $$;
CREATE TRIGGER revocation_told AFTER INSERT ON "Revocation" FOR EACH STATEMENT EXECUTE FUNCTION tell_revocation();
