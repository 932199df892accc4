-- Who has read what may be confidential: a row for each key, address and minute, written before the first answer.
CREATE TABLE accesses (
  number INTEGER PRIMARY KEY,
  read_us INTEGER NOT NULL,
  key_id TEXT NOT NULL,
  key_name TEXT NOT NULL,
  audience INTEGER NOT NULL,
  address TEXT NOT NULL
) STRICT;

-- Also against INSERT OR REPLACE, which fires no trigger that guards against DELETE.
CREATE TRIGGER accesses_no_replace
BEFORE INSERT ON accesses
WHEN EXISTS (SELECT 1 FROM accesses WHERE number = NEW.number)
BEGIN
  SELECT RAISE(ABORT, 'accesses are immutable');
END;

CREATE TRIGGER accesses_no_update
BEFORE UPDATE ON accesses
BEGIN
  SELECT RAISE(ABORT, 'accesses are immutable');
END;

CREATE TRIGGER accesses_no_delete
BEFORE DELETE ON accesses
BEGIN
  SELECT RAISE(ABORT, 'accesses are immutable');
END;

-- To the minute, and null until a service of this release has seen the key.
ALTER TABLE keys ADD COLUMN last_used_us INTEGER;
