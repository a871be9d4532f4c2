-- Schema step 6.  What the sender thought of a request when it looked last (at
-- made_at_ms): why it does not go (why, why_number, why_until_at_ms as in request; 0: it
-- goes), when it arrives (9223372036854775807: not at all), with what chance before its
-- deadline, and since when that is unlikely (0: it is not).
CREATE TABLE outlook (
	request INTEGER PRIMARY KEY,
	made_at_ms INTEGER NOT NULL,
	why INTEGER NOT NULL,
	why_number INTEGER NOT NULL,
	why_until_at_ms INTEGER NOT NULL,
	early_at_ms INTEGER NOT NULL,
	likely_at_ms INTEGER NOT NULL,
	late_at_ms INTEGER NOT NULL,
	in_time_percent INTEGER NOT NULL CHECK (in_time_percent BETWEEN 0 AND 100),
	doubted_at_ms INTEGER NOT NULL
) STRICT;

-- What has a deadline is looked at first, however much is queued.
CREATE INDEX request_promised ON request (id)
	WHERE deadline_at_ms > 0 AND ended_at_ms = 0;
