-- Runs that go on where an interrupted one stopped, and inventories whose content can be proved.

-- The interrupted run whose pages this one took over: what it says of those pages dates from then.
ALTER TABLE runs ADD COLUMN resumed_run INTEGER REFERENCES runs (run_id);

-- The creators that the run was limited to, as a JSON list ("" for "not set"); NULL for all images.
ALTER TABLE runs ADD COLUMN creators TEXT;

-- Of a complete run: the account's images as one number, whatever their order (docs/design.md says how).
ALTER TABLE runs ADD COLUMN content_hash TEXT;

-- One row for each account with anything staged. "sequence" counts the transactions that staged it: the
-- pages that are remembered beside the database are believed up to there.
CREATE TABLE stages (
  account_key INTEGER PRIMARY KEY REFERENCES accounts (account_key),
  run_id INTEGER NOT NULL REFERENCES runs (run_id),
  first_row INTEGER NOT NULL,
  -- Counts how often the run has begun anew: pages from before that are not believed.
  epoch INTEGER NOT NULL,
  sequence INTEGER NOT NULL
) STRICT;

-- What an older program left behind cannot be gone on with.
DELETE FROM stored_images
WHERE row_id > (SELECT visible_row FROM accounts WHERE accounts.account_key = stored_images.account_key);

-- Restored images are staged like new ones.
DROP TABLE staged_images;

-- What a run under way will make of images that readers know already.
CREATE TABLE staged_images (
  account_key INTEGER NOT NULL REFERENCES accounts (account_key),
  id TEXT NOT NULL,
  filename TEXT,
  creator TEXT,
  meta TEXT,
  require_signed_urls INTEGER,
  uploaded TEXT,
  variants TEXT,
  extra TEXT,
  null_fields TEXT,
  PRIMARY KEY (account_key, id)
) STRICT;
