-- Of an erased event the bytes go and a tombstone comes; nothing else of any row ever changes.
DROP TRIGGER stored_events_no_update ON ledger.stored_events;

CREATE TRIGGER stored_events_no_update
BEFORE UPDATE ON ledger.stored_events
FOR EACH ROW
WHEN (
  NOT (
    OLD.state IS NOT NULL AND OLD.tombstone IS NULL
    AND NEW.state IS NULL AND NEW.tombstone IS NOT NULL
    AND octet_length(NEW.tombstone) <= octet_length(OLD.state)
    AND OLD.topic NOT IN ('EventErased', 'EventReclassified')
    AND NEW.position = OLD.position
    AND NEW.originator_id = OLD.originator_id
    AND NEW.originator_version = OLD.originator_version
    AND NEW.topic = OLD.topic
    AND NEW.event_id = OLD.event_id
    AND NEW.event_sha256 = OLD.event_sha256
    AND NEW.recorded_us = OLD.recorded_us
  )
)
EXECUTE FUNCTION ledger.refuse_changes();

ALTER TABLE ledger.stored_events ENABLE ALWAYS TRIGGER stored_events_no_update;

-- Each step of a follower asks for the last erasure.
CREATE INDEX stored_events_erasures ON ledger.stored_events (position) WHERE topic = 'EventErased';
