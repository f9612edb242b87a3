-- CreateTable
CREATE TABLE "AuditChain" (
    "seq" BIGINT NOT NULL,
    "eventId" BIGINT NOT NULL,
    "prev" BYTEA NOT NULL,
    "hash" BYTEA NOT NULL,

    CONSTRAINT "AuditChain_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "AuditSeal" (
    "seq" BIGINT NOT NULL,
    "hash" BYTEA NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "publicKey" TEXT NOT NULL,
    "signature" TEXT NOT NULL,

    CONSTRAINT "AuditSeal_pkey" PRIMARY KEY ("seq")
);

-- CreateIndex
CREATE UNIQUE INDEX "AuditChain_eventId_key" ON "AuditChain"("eventId");

-- CreateIndex
CREATE UNIQUE INDEX "AuditChain_prev_key" ON "AuditChain"("prev");

-- The text of a row that is hashed: every field as "<octets>:<value>" and a line feed, "-" for none. `core/audit/text.ts` says the same.
CREATE FUNCTION "audit_field"(value text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN value IS NULL THEN '-' ELSE octet_length(value) || ':' || value END || E'\n'
$$;
CREATE FUNCTION "audit_text"(e "AuditEvent") RETURNS text LANGUAGE sql STABLE AS $$
  SELECT "audit_field"(e.id::text) || "audit_field"(to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
    || "audit_field"(e."actorId") || "audit_field"(e.actor) || "audit_field"(e.action) || "audit_field"(e."objectKind")
    || "audit_field"(e."objectId") || "audit_field"(e."siteId"::text) || "audit_field"(e.facts::text)
$$;

-- Chains a row as its transaction commits. Deferred, so that the lock is held for the commit alone, and nothing is waited for
-- while it is held: transactions that write of each other's objects cannot wait in a circle for it.
CREATE FUNCTION "audit_chain"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  last_seq bigint;
  last_hash bytea;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('meridian audit chain'));
  SELECT c.seq, c.hash INTO last_seq, last_hash FROM "AuditChain" c ORDER BY c.seq DESC LIMIT 1;
  last_hash := coalesce(last_hash, decode(repeat('00', 32), 'hex'));
  INSERT INTO "AuditChain" (seq, "eventId", prev, hash)
  VALUES (coalesce(last_seq, 0) + 1, NEW.id, last_hash, sha256(last_hash || convert_to("audit_text"(NEW), 'UTF8')));
  RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER "AuditEvent_chain" AFTER INSERT ON "AuditEvent"
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION "audit_chain"();

CREATE TRIGGER "AuditChain_append_only_row" BEFORE UPDATE OR DELETE ON "AuditChain"
  FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "AuditChain_append_only_table" BEFORE TRUNCATE ON "AuditChain"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "AuditSeal_append_only_row" BEFORE UPDATE OR DELETE ON "AuditSeal"
  FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "AuditSeal_append_only_table" BEFORE TRUNCATE ON "AuditSeal"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();

-- Rows of before, in their order.
DO $$
DECLARE
  e "AuditEvent";
  n bigint := 0;
  last_hash bytea := decode(repeat('00', 32), 'hex');
  next_hash bytea;
BEGIN
  FOR e IN SELECT * FROM "AuditEvent" ORDER BY id LOOP
    n := n + 1;
    next_hash := sha256(last_hash || convert_to("audit_text"(e), 'UTF8'));
    INSERT INTO "AuditChain" (seq, "eventId", prev, hash) VALUES (n, e.id, last_hash, next_hash);
    last_hash := next_hash;
  END LOOP;
END
$$;
