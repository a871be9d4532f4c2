/* chance.h - random numbers of the shapes that weather has, each from dice that are
 * handed in: the same dice give the same number.  Pure. */
#ifndef DISPATCH_CHANCE_H
#define DISPATCH_CHANCE_H

#include <stdint.h>

struct chance {
	uint64_t state;
};

/* SplitMix64 (Steele, Lea, Flood 2014). */
uint64_t chance_next(struct chance *c);
double chance_uniform(struct chance *c); /* above 0, below 1 */
double chance_normal(struct chance *c);  /* mean 0, deviation 1 */
/* shape >= 0.1, scale 1 (Marsaglia, Tsang 2000). */
double chance_gamma(struct chance *c, double shape);

#endif
