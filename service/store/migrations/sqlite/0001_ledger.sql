-- The ledger: one row an event, in the order in which they were recorded.
CREATE TABLE stored_events (
  position INTEGER PRIMARY KEY,
  originator_id TEXT NOT NULL,
  originator_version INTEGER NOT NULL,
  topic TEXT NOT NULL,
  state BLOB,
  event_id BLOB NOT NULL UNIQUE CHECK (length(event_id) = 16),
  event_sha256 BLOB NOT NULL CHECK (length(event_sha256) = 32),
  recorded_us INTEGER NOT NULL,
  tombstone TEXT,
  UNIQUE (originator_id, originator_version)
) STRICT;

CREATE TRIGGER stored_events_no_gap
BEFORE INSERT ON stored_events
WHEN NEW.position <> (SELECT COALESCE(MAX(position), 0) + 1 FROM stored_events)
BEGIN
  SELECT RAISE(ABORT, 'positions have no gaps');
END;

-- INSERT OR REPLACE would delete the row that is in its way, and fires no trigger that guards against DELETE.
CREATE TRIGGER stored_events_no_replace
BEFORE INSERT ON stored_events
WHEN EXISTS (SELECT 1 FROM stored_events WHERE event_id = NEW.event_id)
  OR EXISTS (
    SELECT 1
    FROM stored_events
    WHERE originator_id = NEW.originator_id AND originator_version = NEW.originator_version
  )
BEGIN
  SELECT RAISE(ABORT, 'events are immutable');
END;

CREATE TRIGGER stored_events_no_update
BEFORE UPDATE ON stored_events
BEGIN
  SELECT RAISE(ABORT, 'events are immutable');
END;

CREATE TRIGGER stored_events_no_delete
BEFORE DELETE ON stored_events
BEGIN
  SELECT RAISE(ABORT, 'events are immutable');
END;

-- Who may post and read. The key itself is never stored.
CREATE TABLE keys (
  key_id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  audience INTEGER NOT NULL,
  key_sha256 BLOB NOT NULL UNIQUE CHECK (length(key_sha256) = 32),
  created_us INTEGER NOT NULL,
  revoked_us INTEGER
) STRICT;
