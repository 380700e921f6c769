CREATE INDEX changes_by_image ON changes (account_id, image_id);

CREATE UNIQUE INDEX changes_by_run ON changes (run_id, image_id);

CREATE INDEX runs_by_account ON runs (account_id, run_id);

CREATE TABLE accounts (
  account_key INTEGER PRIMARY KEY,
  account_id TEXT NOT NULL UNIQUE,
  visible_row INTEGER NOT NULL DEFAULT 0
, forgotten_run INTEGER REFERENCES runs (run_id)) STRICT;

CREATE TABLE changes (
  change_id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs (run_id),
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  image_id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('added', 'changed', 'removed', 'restored')),
  diff TEXT NOT NULL,
  at TEXT NOT NULL
) STRICT;

CREATE TABLE removed_images (
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  id TEXT NOT NULL,
  filename TEXT,
  creator TEXT,
  meta TEXT,
  require_signed_urls INTEGER,
  uploaded TEXT,
  variants TEXT,
  extra TEXT,
  null_fields TEXT,
  first_seen_run INTEGER NOT NULL REFERENCES runs (run_id),
  changed_run INTEGER NOT NULL REFERENCES runs (run_id),
  removed_run INTEGER NOT NULL REFERENCES runs (run_id),
  removed_at TEXT NOT NULL,
  PRIMARY KEY (account_id, id)
) STRICT;

CREATE TABLE runs (
  run_id INTEGER PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (account_id),
  mode TEXT NOT NULL CHECK (mode IN ('full', 'quick', 'dry-run')),
  status TEXT NOT NULL CHECK (
    status IN ('running', 'complete', 'incomplete', 'held', 'failed', 'interrupted')
  ),
  api TEXT NOT NULL,
  started_at TEXT NOT NULL,
  finished_at TEXT,
  listed INTEGER NOT NULL DEFAULT 0,
  added INTEGER NOT NULL DEFAULT 0,
  changed INTEGER NOT NULL DEFAULT 0,
  removed INTEGER NOT NULL DEFAULT 0,
  restored INTEGER NOT NULL DEFAULT 0,
  unchanged INTEGER NOT NULL DEFAULT 0,
  requests INTEGER NOT NULL DEFAULT 0,
  retries INTEGER NOT NULL DEFAULT 0,
  expected INTEGER,
  error_code TEXT,
  error_message TEXT,
  tool_version TEXT NOT NULL
, resumed_run INTEGER REFERENCES runs (run_id), creators TEXT, content_hash TEXT) STRICT;

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

CREATE TABLE stages (
  account_key INTEGER PRIMARY KEY REFERENCES accounts (account_key),
  run_id INTEGER NOT NULL REFERENCES runs (run_id),
  first_row INTEGER NOT NULL,
  -- Counts how often the run has begun anew: pages from before that are not believed.
  epoch INTEGER NOT NULL,
  sequence INTEGER NOT NULL
) STRICT;

CREATE TABLE stored_images (
  row_id INTEGER PRIMARY KEY,
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
  first_seen_run INTEGER NOT NULL REFERENCES runs (run_id),
  changed_run INTEGER NOT NULL REFERENCES runs (run_id),
  UNIQUE (account_key, id)
) STRICT;

CREATE VIEW image_nulls AS
SELECT a.account_id, i.id AS image_id, n.value AS field
FROM stored_images AS i
JOIN accounts AS a ON a.account_key = i.account_key
JOIN json_each(i.null_fields) AS n
WHERE i.row_id <= a.visible_row AND i.null_fields IS NOT NULL;

CREATE VIEW image_variants AS
SELECT
  i.account_id,
  i.id AS image_id,
  substr(v.value, length(rtrim(v.value, replace(v.value, '/', ''))) + 1) AS variant,
  v.value AS url
FROM images AS i
JOIN json_each(CASE WHEN json_valid(i.variants) THEN i.variants ELSE '[]' END) AS v
WHERE v.type = 'text';

CREATE VIEW images AS
SELECT
  a.account_id,
  i.id,
  i.filename,
  i.creator,
  i.meta,
  i.require_signed_urls,
  i.uploaded,
  i.variants,
  i.extra,
  i.first_seen_run,
  i.changed_run
FROM stored_images AS i
JOIN accounts AS a ON a.account_key = i.account_key
WHERE i.row_id <= a.visible_row;
