-- Inventories that forget changes and runs of long ago.

-- The horizon: the published run up to which the account's rows of changes are forgotten, or are about to be. What the
-- images were just after it can still be proved. NULL while nothing is forgotten.
ALTER TABLE accounts ADD COLUMN forgotten_run INTEGER REFERENCES runs (run_id);
