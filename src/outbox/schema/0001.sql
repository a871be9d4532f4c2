-- Schema step 1.  A step that was released is never edited: the next one is 0002.sql.
-- Times are ms since 1970, UTC; 0 is "none" unless a column says otherwise.
-- Numbers of states, priorities, orders and error kinds are those of outbox.h and err.h.

-- Grows by one in each transaction that changes what a site's answer is; sites remember
-- when they changed last, so that a look costs what changed.
CREATE TABLE change (tick INTEGER NOT NULL) STRICT;
INSERT INTO change VALUES (1);

-- A site has a row from the first request filed to it.  The counters are kept by the
-- triggers below and by filing: counting a million rows for each look would be too slow.
CREATE TABLE site (
	n INTEGER PRIMARY KEY,
	code TEXT NOT NULL UNIQUE,
	changed INTEGER NOT NULL DEFAULT 0,
	pending INTEGER NOT NULL DEFAULT 0,
	waiting INTEGER NOT NULL DEFAULT 0,
	suspended INTEGER NOT NULL DEFAULT 0,
	held INTEGER NOT NULL DEFAULT 0,
	active INTEGER NOT NULL DEFAULT 0,
	sent INTEGER NOT NULL DEFAULT 0,
	failed INTEGER NOT NULL DEFAULT 0,
	queued_bytes INTEGER NOT NULL DEFAULT 0,
	hold_until_at_ms INTEGER NOT NULL DEFAULT 0,
	failures INTEGER NOT NULL DEFAULT 0,
	last_sent_at_ms INTEGER NOT NULL DEFAULT 0,
	error_at_ms INTEGER NOT NULL DEFAULT 0,
	error_win32 INTEGER NOT NULL DEFAULT 0,
	address TEXT NOT NULL DEFAULT '',
	hold_reason TEXT NOT NULL DEFAULT '',
	error_text TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX site_changed ON site (changed);

-- The names under which packages are published, as a server compares them: upper case.
CREATE TABLE line (
	n INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
) STRICT;

-- needed: requests that are not final.  stage: 0 kept, 1 being freed, 2 freed.
CREATE TABLE package (
	n INTEGER PRIMARY KEY,
	id TEXT NOT NULL UNIQUE,
	name TEXT NOT NULL,
	line INTEGER NOT NULL REFERENCES line (n),
	is_tree INTEGER NOT NULL,
	by_reference INTEGER NOT NULL,
	file_count INTEGER NOT NULL CHECK (file_count >= 0),
	folder_count INTEGER NOT NULL CHECK (folder_count >= 0),
	total_bytes INTEGER NOT NULL CHECK (total_bytes >= 0),
	needed INTEGER NOT NULL DEFAULT 0,
	stage INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX package_idle ON package (n) WHERE needed = 0 AND stage < 2;

-- version: counted up by each change; a change names the version that it has seen.
-- ready_at_ms: NULL may not go; 0 at once; else when.  Past ones are set to 0 now and
-- then, which changes no answer and keeps the due end of request_timed short.
-- bytes: the package's total, here again for the site's counter.
-- line: its package's, here again.  goes_at_ms: when it was filed or put off to.
-- supersedes: how many older ones of its line at its site it put an end to when it was
-- filed; superseded_by: the one that did so to this.
-- turn: NULL is not in line; of those in line for one name at one site 1 has its turn and
-- 0 waits, first by goes_at_ms, then by id (L1-L3 in request.c).
CREATE TABLE request (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	version INTEGER NOT NULL DEFAULT 0,
	state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 9),
	priority INTEGER NOT NULL CHECK (priority BETWEEN 1 AND 3),
	site INTEGER NOT NULL REFERENCES site (n),
	package INTEGER NOT NULL REFERENCES package (n),
	line INTEGER NOT NULL REFERENCES line (n),
	bytes INTEGER NOT NULL,
	goes_at_ms INTEGER NOT NULL,
	turn INTEGER CHECK (turn IN (0, 1)),
	ready_at_ms INTEGER,
	filed_at_ms INTEGER NOT NULL,
	renewed_at_ms INTEGER NOT NULL,
	not_before_at_ms INTEGER NOT NULL,
	deadline_at_ms INTEGER NOT NULL,
	expires_at_ms INTEGER NOT NULL,
	restart_at_ms INTEGER NOT NULL DEFAULT 0,
	ended_at_ms INTEGER NOT NULL DEFAULT 0,
	claimed_at_ms INTEGER NOT NULL DEFAULT 0,
	lease_until_at_ms INTEGER NOT NULL DEFAULT 0,
	order_given INTEGER NOT NULL DEFAULT 0,
	entries_done INTEGER NOT NULL DEFAULT 0,
	offset_bytes INTEGER NOT NULL DEFAULT 0,
	bytes_done INTEGER NOT NULL DEFAULT 0,
	attempts INTEGER NOT NULL DEFAULT 0,
	supersedes INTEGER NOT NULL DEFAULT 0,
	superseded_by INTEGER NOT NULL DEFAULT 0,
	error_kind INTEGER NOT NULL DEFAULT 0,
	error_win32 INTEGER NOT NULL DEFAULT 0,
	token TEXT NOT NULL,
	owner TEXT NOT NULL DEFAULT '',
	staged_on TEXT NOT NULL DEFAULT '',
	error_text TEXT NOT NULL DEFAULT '',
	CHECK ((ready_at_ms IS NOT NULL) = (state IN (0, 5, 6))),
	CHECK ((ended_at_ms > 0) = (state IN (4, 8, 9))),
	CHECK ((lease_until_at_ms > 0) = (state IN (1, 2, 3))),
	CHECK ((turn IS NOT NULL) = (state IN (0, 1, 2, 3, 5, 6)))
) STRICT;
-- The best of a site that may go now, and what comes when.
CREATE INDEX request_ready ON request (site, priority)
	WHERE ready_at_ms = 0 AND turn = 1;
CREATE INDEX request_timed ON request (site, ready_at_ms, priority)
	WHERE ready_at_ms > 0 AND turn = 1;
-- Whose turn it is, and who is next.
CREATE INDEX request_line ON request (line, site, turn, goes_at_ms)
	WHERE turn IS NOT NULL;
-- Held ones are not in line, and may be superseded like those that are.
CREATE INDEX request_held ON request (line, site) WHERE state = 7;
CREATE INDEX request_due ON request (ready_at_ms) WHERE ready_at_ms > 0;
-- Lists: of a site; what is not final.  Both at once goes by the site: a third index by
-- site would make each filing to many sites write a third more pages.
CREATE INDEX request_site ON request (site);
CREATE INDEX request_open ON request (id) WHERE ended_at_ms = 0;
-- Recovery: leases, lifetimes.
CREATE INDEX request_lease ON request (lease_until_at_ms) WHERE lease_until_at_ms > 0;
CREATE INDEX request_life ON request (expires_at_ms)
	WHERE ended_at_ms = 0 AND lease_until_at_ms = 0;
-- Failed ones keep their package for a while.
CREATE INDEX request_failed ON request (package, ended_at_ms) WHERE state = 8;

-- Counting.  There is no trigger for new rows: whoever files counts them, each site and
-- the package once, which files twice as fast.
CREATE TRIGGER request_update AFTER UPDATE OF state, priority ON request
WHEN OLD.state <> NEW.state OR OLD.priority <> NEW.priority BEGIN
	UPDATE site SET
		changed = (SELECT tick FROM change),
		pending = pending + (NEW.state = 0) - (OLD.state = 0),
		waiting = waiting + (NEW.state = 5) - (OLD.state = 5),
		suspended = suspended + (NEW.state = 6) - (OLD.state = 6),
		held = held + (NEW.state = 7) - (OLD.state = 7),
		active = active + (NEW.state IN (1, 2, 3)) - (OLD.state IN (1, 2, 3)),
		sent = sent + (NEW.state = 4) - (OLD.state = 4),
		failed = failed + (NEW.state = 8) - (OLD.state = 8),
		queued_bytes = queued_bytes
			+ iif(NEW.state IN (4, 8, 9), 0, NEW.bytes)
			- iif(OLD.state IN (4, 8, 9), 0, OLD.bytes)
	WHERE n = NEW.site;
	UPDATE package SET needed = needed
		+ (NEW.state NOT IN (4, 8, 9)) - (OLD.state NOT IN (4, 8, 9))
	WHERE n = NEW.package;
END;
-- L1-L3.  One that comes back into line (released, retried) takes the turn from a later
-- one, unless that one is on its way; one that leaves hands it on.
CREATE TRIGGER request_turn AFTER UPDATE OF state ON request
WHEN OLD.turn IS NOT NEW.turn BEGIN
	UPDATE request SET turn = 0
	WHERE line = NEW.line AND site = NEW.site AND turn = 1 AND NEW.turn = 0
		AND ready_at_ms IS NOT NULL
		AND (goes_at_ms, id) > (NEW.goes_at_ms, NEW.id);
	UPDATE request SET turn = 1
	WHERE id = (
		SELECT id FROM request
		WHERE line = NEW.line AND site = NEW.site AND turn = 0
		ORDER BY goes_at_ms, id LIMIT 1
	) AND NOT EXISTS (
		SELECT 1 FROM request
		WHERE line = NEW.line AND site = NEW.site AND turn = 1
	);
END;
CREATE TRIGGER request_delete AFTER DELETE ON request BEGIN
	UPDATE site SET
		changed = (SELECT tick FROM change),
		pending = pending - (OLD.state = 0),
		waiting = waiting - (OLD.state = 5),
		suspended = suspended - (OLD.state = 6),
		held = held - (OLD.state = 7),
		active = active - (OLD.state IN (1, 2, 3)),
		sent = sent - (OLD.state = 4),
		failed = failed - (OLD.state = 8),
		queued_bytes = queued_bytes - iif(OLD.state IN (4, 8, 9), 0, OLD.bytes)
	WHERE n = OLD.site;
	UPDATE package SET needed = needed - (OLD.state NOT IN (4, 8, 9))
	WHERE n = OLD.package;
	UPDATE request SET turn = 1
	WHERE OLD.turn = 1 AND id = (
		SELECT id FROM request
		WHERE line = OLD.line AND site = OLD.site AND turn = 0
		ORDER BY goes_at_ms, id LIMIT 1
	);
END;

-- Each try, for good.
CREATE TABLE attempt (
	request INTEGER NOT NULL,
	number INTEGER NOT NULL,
	started_at_ms INTEGER NOT NULL,
	ended_at_ms INTEGER NOT NULL,
	error_kind INTEGER NOT NULL,
	error_win32 INTEGER NOT NULL,
	error_ntstatus INTEGER NOT NULL,
	bytes_sent INTEGER NOT NULL,
	wire_bytes INTEGER NOT NULL,
	connect_ms INTEGER NOT NULL,
	send_ms INTEGER NOT NULL,
	flush_ms INTEGER NOT NULL,
	publish_ms INTEGER NOT NULL,
	rtt_us INTEGER NOT NULL,
	retransmits INTEGER NOT NULL,
	result TEXT NOT NULL,
	address TEXT NOT NULL,
	server TEXT NOT NULL,
	cipher TEXT NOT NULL,
	signature TEXT NOT NULL,
	dialect TEXT NOT NULL,
	error_text TEXT NOT NULL,
	PRIMARY KEY (request, number)
) STRICT, WITHOUT ROWID;

-- Filing with a key: the same key gives the same ids again, first_id and on.
CREATE TABLE filing (
	key TEXT NOT NULL PRIMARY KEY,
	first_id INTEGER NOT NULL,
	site_count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What a person ordered for a while, over the configuration: kind (enum
-- outbox_override_kind) of what.  until_at_ms 0: until it is taken back.
CREATE TABLE override (
	kind INTEGER NOT NULL,
	what TEXT NOT NULL,
	value INTEGER NOT NULL,
	set_at_ms INTEGER NOT NULL,
	until_at_ms INTEGER NOT NULL,
	PRIMARY KEY (kind, what)
) STRICT, WITHOUT ROWID;

-- Rows that made no sense.  content: JSON, each value as an SQL literal in a string, so
-- that nothing is lost.
CREATE TABLE quarantine (
	n INTEGER PRIMARY KEY,
	found_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ')),
	from_table TEXT NOT NULL,
	row_id INTEGER NOT NULL,
	reason TEXT NOT NULL,
	content TEXT NOT NULL
) STRICT;
