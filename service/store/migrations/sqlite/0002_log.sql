-- Whose log this is: its origin and verifier key. The last row is in force; those before it were given up.
CREATE TABLE logs (
  log_id INTEGER PRIMARY KEY,
  origin TEXT NOT NULL UNIQUE,
  verifier_key TEXT NOT NULL,
  begun_us INTEGER NOT NULL
) STRICT;

CREATE TRIGGER logs_no_gap
BEFORE INSERT ON logs
WHEN NEW.log_id <> (SELECT COALESCE(MAX(log_id), 0) + 1 FROM logs)
  OR EXISTS (SELECT 1 FROM logs WHERE origin = NEW.origin)
BEGIN
  SELECT RAISE(ABORT, 'an origin is used once');
END;

CREATE TRIGGER logs_no_update
BEFORE UPDATE ON logs
BEGIN
  SELECT RAISE(ABORT, 'logs are immutable');
END;

CREATE TRIGGER logs_no_delete
BEFORE DELETE ON logs
BEGIN
  SELECT RAISE(ABORT, 'logs are immutable');
END;

-- Every checkpoint that was signed: the note with the log's own signature.
CREATE TABLE checkpoints (
  number INTEGER PRIMARY KEY,
  log_id INTEGER NOT NULL REFERENCES logs,
  size INTEGER NOT NULL CHECK (size >= 0),
  note BLOB NOT NULL,
  signed_us INTEGER NOT NULL,
  UNIQUE (log_id, size)
) STRICT;

-- Of two processes that sign at once one is refused here, whatever they believed.
CREATE TRIGGER checkpoints_grow
BEFORE INSERT ON checkpoints
WHEN NEW.number <> (SELECT COALESCE(MAX(number), 0) + 1 FROM checkpoints)
  OR NEW.log_id <> (SELECT MAX(log_id) FROM logs)
  OR EXISTS (SELECT 1 FROM checkpoints WHERE log_id = NEW.log_id AND size >= NEW.size)
BEGIN
  SELECT RAISE(ABORT, 'a checkpoint is of the log in force, and larger than all before it');
END;

CREATE TRIGGER checkpoints_no_update
BEFORE UPDATE ON checkpoints
BEGIN
  SELECT RAISE(ABORT, 'checkpoints are immutable');
END;

CREATE TRIGGER checkpoints_no_delete
BEFORE DELETE ON checkpoints
BEGIN
  SELECT RAISE(ABORT, 'checkpoints are immutable');
END;

-- What witnesses have signed of a checkpoint; of each the latest, for an idle log asks again.
CREATE TABLE cosignatures (
  number INTEGER NOT NULL REFERENCES checkpoints,
  verifier_key TEXT NOT NULL,
  line BLOB NOT NULL,
  cosigned_us INTEGER NOT NULL,
  PRIMARY KEY (number, verifier_key)
) STRICT;

-- Who is asked for cosignatures.
CREATE TABLE witnesses (
  verifier_key TEXT PRIMARY KEY,
  url TEXT NOT NULL,
  added_us INTEGER NOT NULL
) STRICT;
