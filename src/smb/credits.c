#include "smb/credits.h"

#include <assert.h>

#include "smb/pdu.h"

enum {
	/* Above this, grants are not counted: 4 GiB of payload are enough for anyone,
	 * and a server cannot make the sum run over. */
	CREDITS_CAP = 65535,
};

void
credits_init(struct credits *c, uint32_t target)
{
	*c = (struct credits){.available = 1, .target = target};
}

uint32_t
credits_charge(const struct credits *c, int64_t payload_bytes)
{
	if (!c->multi || payload_bytes <= PDU_CREDIT_BYTES)
		return 1;
	return (uint32_t)((payload_bytes + PDU_CREDIT_BYTES - 1) / PDU_CREDIT_BYTES);
}

bool
credits_cover(const struct credits *c, uint32_t charge, uint32_t keep)
{
	return c->available >= charge && c->available - charge >= keep;
}

uint64_t
credits_take(struct credits *c, uint32_t charge)
{
	uint64_t id = c->next_id;

	assert(credits_cover(c, charge, 0));
	c->available -= charge;
	c->in_flight += charge;
	c->next_id += charge;
	return id;
}

uint16_t
credits_ask(const struct credits *c, uint32_t charge)
{
	uint32_t have = c->available + c->in_flight;
	uint32_t ask = charge + (have < c->target ? c->target - have : 0);

	return (uint16_t)(ask > UINT16_MAX ? UINT16_MAX : ask);
}

void
credits_grant(struct credits *c, uint16_t granted)
{
	uint32_t room = CREDITS_CAP - c->available;

	c->available += granted < room ? granted : room;
}

void
credits_spent(struct credits *c, uint32_t charge)
{
	assert(c->in_flight >= charge);
	c->in_flight -= charge;
}

uint32_t
credits_most(const struct credits *c)
{
	return c->available + c->in_flight;
}
