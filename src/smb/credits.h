/* credits.h - how many requests the server lets us have in flight (MS-SMB2 3.2.4.1.2).
 * Pure bookkeeping.  A request takes its charge when it leaves and the charge comes
 * back when it is answered for good; what the server grants is added on top.
 *
 *   C1  available + in_flight is all that the server ever granted and did not take back
 *   C2  nothing is sent that available does not cover
 *   C3  MessageIds go up by the charge, without gaps */
#ifndef SMB_CREDITS_H
#define SMB_CREDITS_H

#include <stdbool.h>
#include <stdint.h>

struct credits {
	uint32_t available;
	uint32_t in_flight;
	uint32_t target;  /* how many we should like to have */
	uint64_t next_id; /* MessageId of the next request   */
	bool multi;       /* 2.1 and later with LARGE_MTU: a request may cost several */
};

/* One credit: what a new connection has (3.2.4.2.2). */
void credits_init(struct credits *c, uint32_t target);

/* What a request with so many bytes of payload, either way, costs. */
uint32_t credits_charge(const struct credits *c, int64_t payload_bytes);

/* Can `charge` be paid now, with `keep` left over? */
bool credits_cover(const struct credits *c, uint32_t charge, uint32_t keep);

/* Pay.  Returns the first MessageId.  Only when covered. */
uint64_t credits_take(struct credits *c, uint32_t charge);

/* The CreditRequest field of a request that costs `charge`: enough to come back to
 * where we are and on towards the target; never 0, for 0 may end in having none. */
uint16_t credits_ask(const struct credits *c, uint32_t charge);

/* The server granted some: in each response, also an interim one. */
void credits_grant(struct credits *c, uint16_t granted);

/* A request was answered for good. */
void credits_spent(struct credits *c, uint32_t charge);

/* The dearest request that can be paid when all others are answered.  0: the server
 * left us with nothing. */
uint32_t credits_most(const struct credits *c);

#endif
