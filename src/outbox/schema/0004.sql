-- Schema step 4: who goes first of a site by priority and end, which address a request
-- prefers, why a suspended one waits, and addresses that failed.

-- prefer: number of an address; 0 none.
-- why, why_number, why_until_at_ms: of a suspended one, the sender's code (reason.h).
ALTER TABLE request ADD COLUMN prefer INTEGER NOT NULL DEFAULT 0;
ALTER TABLE request ADD COLUMN why INTEGER NOT NULL DEFAULT 0;
ALTER TABLE request ADD COLUMN why_number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE request ADD COLUMN why_until_at_ms INTEGER NOT NULL DEFAULT 0;

-- The best of each priority of a site that may go now: the earliest end.  Those that
-- prefer an address stand apart, so that one whose address is closed holds up none of
-- the others; and those that were suspended, which go first.
DROP INDEX request_ready;
CREATE INDEX request_ready ON request (site, priority, prefer, expires_at_ms)
	WHERE ready_at_ms = 0 AND turn = 1;
CREATE INDEX request_prefer ON request (site, priority, expires_at_ms)
	WHERE prefer > 0 AND turn = 1;
CREATE INDEX request_suspended ON request (site, priority, prefer, expires_at_ms)
	WHERE state = 6 AND turn = 1;

-- Addresses that failed since they worked last; others have no row.
CREATE TABLE address (
	site INTEGER NOT NULL REFERENCES site (n),
	number INTEGER NOT NULL,
	failures INTEGER NOT NULL,
	alone_until_at_ms INTEGER NOT NULL,
	PRIMARY KEY (site, number)
) STRICT, WITHOUT ROWID;
