-- Runs that know again what they were shown before, and first inventories whose indexes are made at their end.

-- Renaming leaves views and triggers as they are written: what they name is there again at the end.
PRAGMA legacy_alter_table = ON;

-- The key becomes an index that can be dropped and made again: a first inventory is written some three times as fast
-- without, and its indexes are then made of what is there, in order.
CREATE TABLE rebuilt_images (
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
INSERT INTO rebuilt_images SELECT * FROM stored_images;
DROP TABLE stored_images;
ALTER TABLE rebuilt_images RENAME TO stored_images;

PRAGMA legacy_alter_table = OFF;

CREATE UNIQUE INDEX images_by_id ON stored_images (account_key, id);
CREATE INDEX images_by_creator ON stored_images (creator, account_key, uploaded);
CREATE INDEX images_by_upload ON stored_images (uploaded, account_key);

DROP TRIGGER images_text_insert;
DROP VIEW images_text_source;

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

INSERT INTO images_text (images_text) VALUES ('delete-all');
INSERT INTO images_text (rowid, id, filename, creator, meta) SELECT * FROM images_text_source;

-- Triggers, because rows are written in many places. Where nothing that is indexed differs, nothing is done: a row that only
-- changes its run costs nothing.

CREATE TRIGGER images_text_publish AFTER UPDATE OF visible_row ON accounts
-- What becomes visible can be searched, all of it by one statement: FTS5 writes out what it has at every one. Between these rows
-- there may be some of other accounts.
BEGIN
  INSERT INTO images_text (rowid, id, filename, creator, meta)
  SELECT * FROM images_text_source
  WHERE row_id > old.visible_row AND row_id <= new.visible_row
    AND row_id NOT IN (SELECT id FROM images_text_docsize);
END;

CREATE TRIGGER images_text_delete BEFORE DELETE ON stored_images
WHEN EXISTS (SELECT 1 FROM images_text_docsize WHERE id = old.row_id)
BEGIN
  INSERT INTO images_text (images_text, rowid, id, filename, creator, meta)
  SELECT 'delete', * FROM images_text_source WHERE row_id = old.row_id;
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

CREATE TRIGGER images_text_update AFTER UPDATE OF id, filename, creator, meta ON stored_images
WHEN (
    old.id <> new.id OR old.filename IS NOT new.filename
    OR old.creator IS NOT new.creator OR old.meta IS NOT new.meta
  )
BEGIN
  INSERT INTO images_text (rowid, id, filename, creator, meta)
  SELECT * FROM images_text_source WHERE row_id = new.row_id;
END;

DROP VIEW search;

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

-- What the API's bytes were when they last showed an image that is stored: the first 16 bytes of their digest for each of
-- 128 rows, zeros where that is not known. Whoever is shown the same bytes again need not read them. "block" is row_id / 128.
CREATE TABLE shown_images (
  block INTEGER PRIMARY KEY,
  digests BLOB NOT NULL
) STRICT;

-- A digest stands for a row as it was when the digest was set: whoever alters the row, by hand too, takes it away. REPLACE
-- deletes what it displaces without telling a trigger, so whatever may displace a row takes the digest of that row away.
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

CREATE TRIGGER shown_images_delete AFTER DELETE ON stored_images
BEGIN
  UPDATE shown_images
  SET digests = CAST(
    substr(digests, 1, 16 * (old.row_id & 127)) || zeroblob(16) || substr(digests, 16 * (old.row_id & 127) + 17) AS BLOB
  )
  WHERE block = old.row_id >> 7;
END;

-- Left out, like the indexes, while a first inventory is written: there is nothing to displace.
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

-- The pages of the last full run's list, by the digest of their bytes: the rows of their images, in stretches, and the digest
-- of the digests of these images. While the rows still have these digests, the same bytes show what is stored.
CREATE TABLE shown_pages (
  account_key INTEGER NOT NULL REFERENCES accounts (account_key),
  digest BLOB NOT NULL,
  rows BLOB NOT NULL,
  images BLOB NOT NULL,
  PRIMARY KEY (account_key, digest)
) STRICT, WITHOUT ROWID;

-- What a run under way will make of images that readers know, by their rows: they are published in the order in which they lie,
-- so that each page of the file is read and written once. "digest" is that of the bytes that showed it, if there were any.
CREATE TABLE staged_rows (
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
INSERT INTO staged_rows
SELECT stored.row_id, staged.*, NULL
FROM staged_images AS staged
CROSS JOIN stored_images AS stored USING (account_key, id);
DROP TABLE staged_images;
ALTER TABLE staged_rows RENAME TO staged_images;
