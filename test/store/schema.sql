CREATE INDEX changes_by_image ON changes (account_id, image_id);

CREATE UNIQUE INDEX changes_by_run ON changes (run_id, image_id);

CREATE INDEX images_by_creator ON stored_images (creator, account_key, uploaded);

CREATE UNIQUE INDEX images_by_id ON stored_images (account_key, id);

CREATE INDEX images_by_upload ON stored_images (uploaded, account_key);

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

CREATE VIRTUAL TABLE images_text USING fts5 (id, filename, creator, meta, content = '');

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

CREATE TABLE shown_images (
  block INTEGER PRIMARY KEY,
  digests BLOB NOT NULL
) STRICT;

CREATE TABLE shown_pages (
  account_key INTEGER NOT NULL REFERENCES accounts (account_key),
  digest BLOB NOT NULL,
  rows BLOB NOT NULL,
  images BLOB NOT NULL,
  PRIMARY KEY (account_key, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE "staged_images" (
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
  digest BLOB
) STRICT;

CREATE TABLE stages (
  account_key INTEGER PRIMARY KEY REFERENCES accounts (account_key),
  run_id INTEGER NOT NULL REFERENCES runs (run_id),
  first_row INTEGER NOT NULL,
  -- Counts how often the run has begun anew: pages from before that are not believed.
  epoch INTEGER NOT NULL,
  sequence INTEGER NOT NULL
) STRICT;

CREATE TABLE "stored_images" (
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
  changed_run INTEGER NOT NULL REFERENCES runs (run_id)
) STRICT;

CREATE TRIGGER images_text_delete BEFORE DELETE ON stored_images
WHEN EXISTS (SELECT 1 FROM images_text_docsize WHERE id = old.row_id)
BEGIN
  INSERT INTO images_text (images_text, rowid, id, filename, creator, meta)
  SELECT 'delete', * FROM images_text_source WHERE row_id = old.row_id;
END;

CREATE TRIGGER images_text_publish AFTER UPDATE OF visible_row ON accounts
-- What becomes visible can be searched, all of it by one statement: FTS5 writes out what it has at every one. Between these rows
-- there may be some of other accounts.
BEGIN
  INSERT INTO images_text (rowid, id, filename, creator, meta)
  SELECT * FROM images_text_source
  WHERE row_id > old.visible_row AND row_id <= new.visible_row
    AND row_id NOT IN (SELECT id FROM images_text_docsize);
END;

CREATE TRIGGER images_text_update AFTER UPDATE OF id, filename, creator, meta ON stored_images
WHEN (
    old.id <> new.id OR old.filename IS NOT new.filename
    OR old.creator IS NOT new.creator OR old.meta IS NOT new.meta
  )
BEGIN
  INSERT INTO images_text (rowid, id, filename, creator, meta)
  SELECT * FROM images_text_source WHERE row_id = new.row_id;
END;

CREATE TRIGGER images_text_update_before BEFORE UPDATE OF id, filename, creator, meta ON stored_images
-- The words as they were are those of images_text_source until now. A row that is not visible yet is indexed when it becomes so.
WHEN (
    old.id <> new.id OR old.filename IS NOT new.filename
    OR old.creator IS NOT new.creator OR old.meta IS NOT new.meta
  ) AND EXISTS (SELECT 1 FROM images_text_docsize WHERE id = old.row_id)
BEGIN
  INSERT INTO images_text (images_text, rowid, id, filename, creator, meta)
  SELECT 'delete', * FROM images_text_source WHERE row_id = old.row_id;
END;

CREATE TRIGGER shown_images_delete AFTER DELETE ON stored_images
BEGIN
  UPDATE shown_images
  SET digests = CAST(
    substr(digests, 1, 16 * (old.row_id & 127)) || zeroblob(16) || substr(digests, 16 * (old.row_id & 127) + 17) AS BLOB
  )
  WHERE block = old.row_id >> 7;
END;

CREATE TRIGGER shown_images_displace BEFORE UPDATE OF row_id, account_key, id ON stored_images
BEGIN
  UPDATE shown_images
  SET digests = CAST(
    substr(digests, 1, 16 * (new.row_id & 127)) || zeroblob(16) || substr(digests, 16 * (new.row_id & 127) + 17) AS BLOB
  )
  WHERE block = new.row_id >> 7 AND substr(digests, 16 * (new.row_id & 127) + 1, 16) <> zeroblob(16);
  UPDATE shown_images
  SET digests = CAST(
    substr(digests, 1, 16 * (displaced.row_id & 127)) || zeroblob(16) || substr(digests, 16 * (displaced.row_id & 127) + 17) AS BLOB
  )
  FROM (SELECT row_id FROM stored_images WHERE account_key = new.account_key AND id = new.id) AS displaced
  WHERE block = displaced.row_id >> 7;
END;

CREATE TRIGGER shown_images_insert BEFORE INSERT ON stored_images
BEGIN
  UPDATE shown_images
  SET digests = CAST(
    substr(digests, 1, 16 * (new.row_id & 127)) || zeroblob(16) || substr(digests, 16 * (new.row_id & 127) + 17) AS BLOB
  )
  WHERE block = new.row_id >> 7 AND substr(digests, 16 * (new.row_id & 127) + 1, 16) <> zeroblob(16);
  UPDATE shown_images
  SET digests = CAST(
    substr(digests, 1, 16 * (displaced.row_id & 127)) || zeroblob(16) || substr(digests, 16 * (displaced.row_id & 127) + 17) AS BLOB
  )
  FROM (SELECT row_id FROM stored_images WHERE account_key = new.account_key AND id = new.id) AS displaced
  WHERE block = displaced.row_id >> 7;
END;

CREATE TRIGGER shown_images_update AFTER UPDATE OF
  row_id, account_key, id, filename, creator, meta, require_signed_urls, uploaded, variants, extra, null_fields
ON stored_images
BEGIN
  UPDATE shown_images
  SET digests = CAST(
    substr(digests, 1, 16 * (old.row_id & 127)) || zeroblob(16) || substr(digests, 16 * (old.row_id & 127) + 17) AS BLOB
  )
  WHERE block = old.row_id >> 7;
END;

CREATE VIEW creators AS
-- One row for each creator of an account; NULL is nobody.
SELECT
  a.account_id,
  i.creator,
  count(*) AS images,
  min(i.uploaded) AS first_upload,
  max(i.uploaded) AS last_upload
FROM stored_images AS i
CROSS JOIN accounts AS a ON a.account_key = i.account_key
WHERE i.row_id <= a.visible_row
GROUP BY i.creator, i.account_key;

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

CREATE VIEW images_at AS
-- The images as "images" showed them just after any run that readers saw: SELECT * FROM images_at WHERE run_id = 17.
-- A run that published nothing, or whose changes are forgotten (accounts.forgotten_run), has no rows.
--
-- An image that no later run touched is as it is. Of the others, the first later change tells whether it was there, and
-- each column is what the first later change that names it says was there before; what none names is as it is.
-- In a diff, an absent value and a JSON null look alike: null_fields tells them apart. Texts of JSON are those that the
-- API gave, except perhaps for white space. A diff that SQLite cannot read (it is nested too deeply) ends the query with an
-- error, since a wrong answer would be worse.
WITH
  published (run_id, account_id, account_key, visible_row) AS (
    SELECT r.run_id, a.account_id, a.account_key, a.visible_row
    FROM runs AS r
    JOIN accounts AS a ON a.account_id = r.account_id
    WHERE r.status = 'complete' AND r.mode <> 'dry-run' AND r.run_id >= ifnull(a.forgotten_run, 0)
  ),
  -- What later runs changed: one row for each column that a diff names, or one without a column. "cell" is what was there
  -- before, as JSON, and "place" orders the changes. Several versions of SQLite end a text at "\u0000" when they read it
  -- from JSON: in the columns of plain text it is carried across as U+FDD0 and a digit, and so is U+FDD0 itself.
  cells (run_id, account_id, image_id, change_id, kind, place, key, cell) AS (
    SELECT
      p.run_id,
      p.account_id,
      c.image_id,
      c.change_id,
      c.kind,
      printf('%020d', c.change_id),
      d.key,
      CASE
        WHEN d.key NOT IN ('filename', 'creator', 'uploaded') THEN d.value -> '$[0]'
        ELSE replace(
          replace(replace(d.value -> '$[0]', '\\', '\u005c'), char(64976), char(64976) || '1'),
          '\u0000', char(64976) || '0'
        )
      END
    FROM published AS p
    -- The plus keeps SQLite from reading all changes of the account.
    CROSS JOIN changes AS c ON c.run_id > p.run_id AND +c.account_id = p.account_id
    LEFT JOIN json_each(c.diff) AS d
  ),
  -- The images that were there and that later runs changed: of each column the first cell, NULL if no diff names it. All in
  -- one step, for SQLite carries "run_id = 17" through one GROUP BY and not through two.
  touched AS (
    SELECT
      run_id,
      account_id,
      image_id,
      substr(min(place || cell) FILTER (WHERE key = 'filename'), 21) AS filename,
      substr(min(place || cell) FILTER (WHERE key = 'creator'), 21) AS creator,
      substr(min(place || cell) FILTER (WHERE key = 'meta'), 21) AS meta,
      substr(min(place || cell) FILTER (WHERE key = 'require_signed_urls'), 21) AS require_signed_urls,
      substr(min(place || cell) FILTER (WHERE key = 'uploaded'), 21) AS uploaded,
      substr(min(place || cell) FILTER (WHERE key = 'variants'), 21) AS variants,
      substr(min(place || cell) FILTER (WHERE key = 'extra'), 21) AS extra,
      substr(min(place || cell) FILTER (WHERE key = 'null_fields'), 21) AS null_fields
    FROM cells
    GROUP BY run_id, account_id, image_id
    HAVING min(change_id * 2 + (kind IN ('changed', 'removed'))) % 2 = 1
  )
SELECT
  p.run_id,
  p.account_id,
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
FROM published AS p
-- The plus: in the order of the rows, not in that of an index.
CROSS JOIN stored_images AS i ON +i.account_key = p.account_key
WHERE i.row_id <= p.visible_row AND i.changed_run <= p.run_id
UNION ALL
SELECT
  t.run_id,
  t.account_id,
  t.image_id,
  -- CAST, for a value of an expression has no type: creator = 7 would be true of the images above, and of none of these.
  CAST(iif(
    t.filename IS NULL,
    coalesce(i.filename, g.filename),
    replace(replace(t.filename ->> '$', char(64976) || '0', char(0)), char(64976) || '1', char(64976))
  ) AS TEXT),
  CAST(iif(
    t.creator IS NULL,
    coalesce(i.creator, g.creator),
    replace(replace(t.creator ->> '$', char(64976) || '0', char(0)), char(64976) || '1', char(64976))
  ) AS TEXT),
  CAST(coalesce(
    nullif(coalesce(t.meta, i.meta, g.meta), 'null'),
    iif(instr(coalesce(t.null_fields, i.null_fields, g.null_fields), '"meta"'), 'null', NULL)
  ) AS TEXT),
  CAST(iif(
    t.require_signed_urls IS NULL,
    coalesce(i.require_signed_urls, g.require_signed_urls),
    t.require_signed_urls ->> '$'
  ) AS INTEGER),
  CAST(iif(
    t.uploaded IS NULL,
    coalesce(i.uploaded, g.uploaded),
    replace(replace(t.uploaded ->> '$', char(64976) || '0', char(0)), char(64976) || '1', char(64976))
  ) AS TEXT),
  CAST(coalesce(
    nullif(coalesce(t.variants, i.variants, g.variants), 'null'),
    iif(instr(coalesce(t.null_fields, i.null_fields, g.null_fields), '"variants"'), 'null', NULL)
  ) AS TEXT),
  CAST(nullif(coalesce(t.extra, i.extra, g.extra), 'null') AS TEXT),
  CAST(coalesce(i.first_seen_run, g.first_seen_run) AS INTEGER),
  -- The last change up to then; of an image without one, the run that first saw it, unless changes are forgotten.
  CAST(coalesce(
    (
      SELECT max(c.run_id) FROM changes AS c
      WHERE c.account_id = t.account_id AND c.image_id = t.image_id
        AND c.run_id <= t.run_id AND c.run_id > ifnull(a.forgotten_run, 0)
    ),
    iif(a.forgotten_run IS NULL, coalesce(i.first_seen_run, g.first_seen_run), NULL)
  ) AS INTEGER)
FROM touched AS t
CROSS JOIN accounts AS a ON a.account_id = t.account_id
-- It is there, or it is gone: the other one is NULL throughout.
LEFT JOIN stored_images AS i
  ON i.account_key = a.account_key AND i.id = t.image_id AND i.row_id <= a.visible_row
LEFT JOIN removed_images AS g ON g.account_id = t.account_id AND g.id = t.image_id;

CREATE VIEW images_text_source AS
-- Internal: the words of each image that readers see, as they are written to images_text and taken out of it again. An id that is a
-- UUID has no words that anybody knows, and would make two thirds of the index. Of meta the texts and numbers, without the
-- keys. SQLite reads no number beyond 2^63: such a one is told as it is written. Meta that SQLite cannot read (it is nested
-- too deeply) is not indexed.
SELECT
  i.row_id,
  CASE
    WHEN length(i.id) = 36 AND i.id GLOB '????????-????-????-????-????????????' AND i.id NOT GLOB '*[^-0-9a-fA-F]*' THEN NULL
    ELSE i.id
  END AS id,
  i.filename,
  i.creator,
  (
    SELECT group_concat(CASE typeof(m.atom) WHEN 'real' THEN i.meta -> m.fullkey ELSE m.atom END, ' ')
    FROM json_tree(CASE WHEN json_valid(i.meta) THEN i.meta END) AS m
    WHERE m.type IN ('text', 'integer', 'real')
  ) AS meta
FROM stored_images AS i
CROSS JOIN accounts AS a ON a.account_key = i.account_key
WHERE i.row_id <= a.visible_row;

CREATE VIEW latest_runs AS
-- One row for each account: its last run, whatever became of it, and the last complete full run, which is what the
-- inventory dates from.
SELECT
  a.account_id,
  r.run_id,
  r.mode,
  r.status,
  r.started_at,
  r.finished_at,
  r.error_code,
  f.run_id AS full_run_id,
  f.finished_at AS full_finished_at,
  unixepoch('now') - unixepoch(f.finished_at) AS full_age_seconds
FROM accounts AS a
LEFT JOIN runs AS r ON r.run_id = (SELECT max(run_id) FROM runs WHERE account_id = a.account_id)
LEFT JOIN runs AS f ON f.run_id = (
  SELECT max(run_id) FROM runs WHERE account_id = a.account_id AND mode = 'full' AND status = 'complete'
);

CREATE VIEW meta_keys AS
-- Which keys the meta of an account's images has, of which JSON type, on how many images, and the least value as an
-- example. Meta that is no object, or that SQLite cannot read, has no keys.
SELECT
  i.account_id,
  m.key,
  CASE WHEN m.type IN ('true', 'false') THEN 'boolean' ELSE m.type END AS type,
  count(*) AS images,
  min(m.value) AS example
FROM images AS i
CROSS JOIN json_each(CASE WHEN json_valid(i.meta) THEN i.meta END) AS m
WHERE typeof(m.key) = 'text'
GROUP BY 1, 2, 3;

CREATE VIEW recent_changes AS
-- What runs found, the newest first. "columns" names what differs; "filename" is the image's now, or when it was
-- last seen.
SELECT
  c.at,
  c.account_id,
  c.run_id,
  c.kind,
  c.image_id,
  coalesce(
    (
      SELECT i.filename FROM stored_images AS i
      JOIN accounts AS a ON a.account_key = i.account_key
      WHERE a.account_id = c.account_id AND i.id = c.image_id AND i.row_id <= a.visible_row
    ),
    (SELECT g.filename FROM removed_images AS g WHERE g.account_id = c.account_id AND g.id = c.image_id)
  ) AS filename,
  (
    SELECT group_concat(d.key, ', ') FROM json_each(CASE WHEN json_valid(c.diff) THEN c.diff END) AS d
  ) AS columns
FROM changes AS c
ORDER BY c.change_id DESC;

CREATE VIEW search AS
-- Images by their words, in id, filename, creator and the values of meta:
--   SELECT id, filename FROM search WHERE search MATCH 'banner' ORDER BY rank LIMIT 20
-- An id that is a UUID has no words: ask images for it. Any other one, or a name, with other characters than letters and
-- digits is a phrase: MATCH '"team-42.png"'. One column: MATCH 'creator: acme'. The column "search" is there to be asked,
-- its value says nothing.
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
  i.changed_run,
  t.rank AS rank,
  t.images_text AS search
FROM images_text AS t
CROSS JOIN stored_images AS i ON i.row_id = t.rowid
CROSS JOIN accounts AS a ON a.account_key = i.account_key
WHERE i.row_id <= a.visible_row;

CREATE VIEW uploads_by_month AS
-- How many images of each account were uploaded in which month, 'YYYY-MM'. Those without an upload time, or with one
-- that is no time, stand under NULL: all rows together are all images. Beginnings of texts are counted first and looked at
-- afterwards, so that each is looked at once.
SELECT
  a.account_id,
  CASE WHEN b.beginning GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-' THEN substr(b.beginning, 1, 7) END AS month,
  sum(b.images) AS images
FROM (
  SELECT i.account_key, substr(i.uploaded, 1, 8) AS beginning, count(*) AS images
  FROM stored_images AS i
  CROSS JOIN accounts AS a ON a.account_key = i.account_key
  WHERE i.row_id <= a.visible_row
  -- The plus: by the index of upload times, not by that of the accounts.
  GROUP BY beginning, +i.account_key
) AS b
JOIN accounts AS a ON a.account_key = b.account_key
GROUP BY a.account_id, month;
