-- Whose log this is: its origin and verifier key. The last row is in force; those before it were given up.
CREATE TABLE ledger.logs (
  log_id bigint PRIMARY KEY,
  origin text COLLATE "C" NOT NULL UNIQUE,
  verifier_key text COLLATE "C" NOT NULL,
  begun_us bigint NOT NULL
);

-- Every checkpoint that was signed: the note with the log's own signature.
CREATE TABLE ledger.checkpoints (
  number bigint PRIMARY KEY,
  log_id bigint NOT NULL REFERENCES ledger.logs,
  size bigint NOT NULL CHECK (size >= 0),
  note bytea NOT NULL,
  signed_us bigint NOT NULL,
  UNIQUE (log_id, size)
);

-- What witnesses have signed of a checkpoint; of each the latest, for an idle log asks again.
CREATE TABLE ledger.cosignatures (
  number bigint NOT NULL REFERENCES ledger.checkpoints,
  verifier_key text COLLATE "C" NOT NULL,
  line bytea NOT NULL,
  cosigned_us bigint NOT NULL,
  PRIMARY KEY (number, verifier_key)
);

-- Who is asked for cosignatures.
CREATE TABLE ledger.witnesses (
  verifier_key text COLLATE "C" PRIMARY KEY,
  url text COLLATE "C" NOT NULL,
  added_us bigint NOT NULL
);

-- Of two nodes that write at once one finds the number taken; these guard against whoever does not look.
CREATE FUNCTION ledger.check_log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.log_id <> (SELECT COALESCE(max(log_id), 0) + 1 FROM ledger.logs) THEN
    RAISE EXCEPTION 'an origin is used once' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER logs_no_gap
BEFORE INSERT ON ledger.logs
FOR EACH ROW EXECUTE FUNCTION ledger.check_log();

CREATE FUNCTION ledger.check_checkpoint() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.number <> (SELECT COALESCE(max(number), 0) + 1 FROM ledger.checkpoints)
    OR NEW.log_id <> (SELECT max(log_id) FROM ledger.logs)
    OR EXISTS (SELECT 1 FROM ledger.checkpoints WHERE log_id = NEW.log_id AND size >= NEW.size)
  THEN
    RAISE EXCEPTION 'a checkpoint is of the log in force, and larger than all before it'
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER checkpoints_grow
BEFORE INSERT ON ledger.checkpoints
FOR EACH ROW EXECUTE FUNCTION ledger.check_checkpoint();

CREATE FUNCTION ledger.refuse_log_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'what was signed is immutable' USING ERRCODE = 'integrity_constraint_violation';
END
$$;

CREATE TRIGGER logs_no_change
BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.logs
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_log_changes();

CREATE TRIGGER checkpoints_no_change
BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.checkpoints
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_log_changes();

ALTER TABLE ledger.logs ENABLE ALWAYS TRIGGER logs_no_change;
ALTER TABLE ledger.checkpoints ENABLE ALWAYS TRIGGER checkpoints_no_change;
