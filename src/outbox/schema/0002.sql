-- Schema step 2.  Over how many connections an attempt's largest file went, at most at
-- the same time; 0: nothing was agreed, or the attempt is older than this step.
ALTER TABLE attempt ADD COLUMN connections INTEGER NOT NULL DEFAULT 0;
