-- Of an erased event the bytes go and a tombstone comes; nothing else of any row ever changes. What is left is never
-- longer than the event was: SQLite writes such a row where it stands, while one that grows may have others move to
-- another page, and leave copies behind that nobody would overwrite when they are erased in turn.
DROP TRIGGER stored_events_no_update;

CREATE TRIGGER stored_events_no_update
BEFORE UPDATE ON stored_events
WHEN NOT (
  OLD.state IS NOT NULL AND OLD.tombstone IS NULL
  AND NEW.state IS NULL AND NEW.tombstone IS NOT NULL
  AND length(CAST(NEW.tombstone AS BLOB)) <= length(OLD.state)
  AND OLD.topic NOT IN ('EventErased', 'EventReclassified')
  AND NEW.position = OLD.position
  AND NEW.originator_id = OLD.originator_id
  AND NEW.originator_version = OLD.originator_version
  AND NEW.topic = OLD.topic
  AND NEW.event_id = OLD.event_id
  AND NEW.event_sha256 = OLD.event_sha256
  AND NEW.recorded_us = OLD.recorded_us
)
BEGIN
  SELECT RAISE(ABORT, 'events are immutable');
END;

-- Each step of a follower asks for the last erasure.
CREATE INDEX stored_events_erasures ON stored_events (position) WHERE topic = 'EventErased';
