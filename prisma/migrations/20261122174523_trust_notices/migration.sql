-- Who trusts whom is written by agents, nodes' word taken in, the web and the worker alike: whoever writes it, pages that show it hear of
-- it. One notice a statement; equal ones of a transaction are one. What only says that somebody is alive (lastSeenAt, readAt) is no change.
CREATE FUNCTION tell_trust() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('meridian', '{"k":"trust"}');
  RETURN NULL;
END $$;
CREATE TRIGGER delegation_told AFTER INSERT OR DELETE OR UPDATE OF "revokedAt" ON "Delegation" FOR EACH STATEMENT EXECUTE FUNCTION tell_trust();
CREATE TRIGGER revocation_shown AFTER INSERT ON "Revocation" FOR EACH STATEMENT EXECUTE FUNCTION tell_trust();
CREATE TRIGGER agent_told AFTER INSERT OR DELETE OR UPDATE OF jkt, "adminSwitch", "revokedAt" ON "Agent" FOR EACH STATEMENT EXECUTE FUNCTION tell_trust();
CREATE TRIGGER partner_told AFTER INSERT OR DELETE OR UPDATE OF state, name ON "Partner" FOR EACH STATEMENT EXECUTE FUNCTION tell_trust();
