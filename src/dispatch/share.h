/* share.h - how sendings share what limits them: the rates that come about when every
 * one takes what it is given and leaves what it cannot use.  Pure.
 *
 * The limiter (send/limiter.h) brings this about with tokens; the forecast and the
 * simulator compute it.  Weighted max-min fairness: no sending can be given more
 * without taking from one that has, by its weight, no more than it. */
#ifndef DISPATCH_SHARE_H
#define DISPATCH_SHARE_H

#include <stddef.h>
#include <stdint.h>

enum { SHARE_DEPTH = 6 }; /* all, line, site, address, its pulse, what was learnt */

struct share_flow {
	size_t nodes[SHARE_DEPTH]; /* that it goes through: indexes of limits */
	size_t depth;
	int weight;               /* > 0 */
	int64_t rate_bytes_per_s; /* out; INT64_MAX: nothing limits it */
};

/* limits: bytes per second, >= 0; INT64_MAX: none. */
void share_rates(const int64_t *limits, size_t limit_count, struct share_flow *flows,
		 size_t flow_count);

#endif
