-- Who has read what may be confidential: a row for each key, address and minute, written before the first answer.
CREATE TABLE ledger.accesses (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  read_us bigint NOT NULL,
  key_id text COLLATE "C" NOT NULL,
  key_name text COLLATE "C" NOT NULL,
  audience bigint NOT NULL,
  address text COLLATE "C" NOT NULL
);

CREATE FUNCTION ledger.refuse_access_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'accesses are immutable' USING ERRCODE = 'integrity_constraint_violation';
END
$$;

CREATE TRIGGER accesses_no_change
BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.accesses
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_access_changes();

ALTER TABLE ledger.accesses ENABLE ALWAYS TRIGGER accesses_no_change;

-- To the minute, and null until a service of this release has seen the key.
ALTER TABLE ledger.keys ADD COLUMN last_used_us bigint;
