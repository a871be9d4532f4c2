#include "dispatch/restart.h"

enum {
	SPREAD_PART = 10
}; /* a tenth: a choice; enough to part 5 sendings, short for people */

int64_t
restart_delay_ms(const struct config_sender *s)
{
	return s->heartbeat_ms + s->retry_delay_ms * s->retries * 2;
}

int64_t
restart_at_ms(const struct config_sender *s, int64_t now_ms, int64_t expires_at_ms,
	      uint64_t dice)
{
	const int64_t delay = restart_delay_ms(s);
	const int64_t spread = delay / SPREAD_PART;
	const int64_t at = now_ms + delay + (int64_t)(dice % ((uint64_t)spread + 1));

	return expires_at_ms > now_ms && at > expires_at_ms ? expires_at_ms : at;
}
