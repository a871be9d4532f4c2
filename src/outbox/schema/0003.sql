-- Schema step 3.  What went through a node of the rate plan ("all", "line south", "site
-- MS1", "address MS1.1"), by days: budgets are per day or per month of the calendar, and
-- which of both may be changed in the middle of one.
CREATE TABLE usage (
	node TEXT NOT NULL,
	day_at_ms INTEGER NOT NULL,
	bytes INTEGER NOT NULL CHECK (bytes >= 0),
	PRIMARY KEY (node, day_at_ms)
) STRICT, WITHOUT ROWID;
