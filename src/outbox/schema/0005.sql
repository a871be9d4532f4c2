-- Schema step 5: what was learnt of an address, for the forecast.

-- address: as its section is called; hour: of the day, by the address's clocks.
-- samples: sendings long enough to tell a speed, that no limit held up; log_sum and
-- log_squares are the sums of ln(bytes/s) and of its square, publish_ms the sum over the
-- same sendings.  connect_ms: the sum over the connects that worked.
CREATE TABLE learnt (
	address TEXT NOT NULL,
	hour INTEGER NOT NULL CHECK (hour BETWEEN 0 AND 23),
	samples INTEGER NOT NULL CHECK (samples >= 0),
	log_sum REAL NOT NULL,
	log_squares REAL NOT NULL,
	connects INTEGER NOT NULL CHECK (connects >= 0),
	failed INTEGER NOT NULL CHECK (failed >= 0),
	connect_ms INTEGER NOT NULL CHECK (connect_ms >= 0),
	publish_ms INTEGER NOT NULL CHECK (publish_ms >= 0),
	PRIMARY KEY (address, hour)
) STRICT, WITHOUT ROWID;
