-- The ledger: one row an event, in the order in which they were recorded.
CREATE TABLE ledger.stored_events (
  position bigint PRIMARY KEY CHECK (position > 0),
  originator_id text COLLATE "C" NOT NULL,
  originator_version bigint NOT NULL,
  topic text COLLATE "C" NOT NULL,
  state bytea,
  event_id bytea NOT NULL UNIQUE CHECK (length(event_id) = 16),
  event_sha256 bytea NOT NULL CHECK (length(event_sha256) = 32),
  recorded_us bigint NOT NULL,
  tombstone text,
  UNIQUE (originator_id, originator_version)
);

-- Who locks its one row may append. It is never updated: where the ledger ends, its last event tells.
CREATE TABLE ledger.head (
  only_row boolean PRIMARY KEY CHECK (only_row)
);

INSERT INTO ledger.head VALUES (true);

-- Wakes whoever listens, too: when the transaction commits, in the order of the commits.
CREATE FUNCTION ledger.check_appended() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  first bigint;
  last bigint;
  events bigint;
BEGIN
  SELECT min(position), max(position), count(*) INTO first, last, events FROM appended;
  IF events = 0 THEN
    RETURN NULL;
  END IF;
  IF last - first + 1 <> events
    OR first <> 1 + COALESCE((SELECT max(position) FROM ledger.stored_events WHERE position < first), 0)
    OR EXISTS (SELECT 1 FROM ledger.stored_events WHERE position > last)
  THEN
    RAISE EXCEPTION 'positions have no gaps' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  PERFORM pg_notify('onrecord_appended', last::text);
  RETURN NULL;
END
$$;

CREATE TRIGGER stored_events_no_gap
AFTER INSERT ON ledger.stored_events
REFERENCING NEW TABLE AS appended
FOR EACH STATEMENT EXECUTE FUNCTION ledger.check_appended();

CREATE FUNCTION ledger.refuse_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'events are immutable' USING ERRCODE = 'integrity_constraint_violation';
END
$$;

CREATE TRIGGER stored_events_no_update
BEFORE UPDATE ON ledger.stored_events
FOR EACH ROW EXECUTE FUNCTION ledger.refuse_changes();

CREATE TRIGGER stored_events_no_delete
BEFORE DELETE OR TRUNCATE ON ledger.stored_events
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_changes();

-- Also for who replays as a replica: what is stored is immutable for everyone.
ALTER TABLE ledger.stored_events ENABLE ALWAYS TRIGGER stored_events_no_update;
ALTER TABLE ledger.stored_events ENABLE ALWAYS TRIGGER stored_events_no_delete;

-- Who may post and read. The key itself is never stored.
CREATE TABLE ledger.keys (
  key_id text COLLATE "C" PRIMARY KEY,
  name text COLLATE "C" NOT NULL,
  role text COLLATE "C" NOT NULL,
  audience bigint NOT NULL,
  key_sha256 bytea NOT NULL UNIQUE CHECK (length(key_sha256) = 32),
  created_us bigint NOT NULL,
  revoked_us bigint
);

-- Which generation of the read models is current, for each set of their tables that a release has.
CREATE TABLE ledger.read_models (
  fingerprint bigint PRIMARY KEY,
  number bigint NOT NULL,
  used_at timestamptz NOT NULL
);
