-- Schema step 7.  What a filing with a key filed, as a hash of its content: '' when that
-- is not known.
ALTER TABLE filing ADD COLUMN content TEXT NOT NULL DEFAULT '';
