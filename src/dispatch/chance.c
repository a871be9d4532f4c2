#include "dispatch/chance.h"

#include <math.h>

static const double two_pi = 6.283185307179586;

uint64_t
chance_next(struct chance *c)
{
	uint64_t z = c->state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

double
chance_uniform(struct chance *c)
{
	return ((double)(chance_next(c) >> 11) + 0.5) / 9007199254740992.0; /* 2^53 */
}

double
chance_normal(struct chance *c)
{
	const double r = sqrt(-2 * log(chance_uniform(c)));

	return r * cos(two_pi * chance_uniform(c));
}

double
chance_gamma(struct chance *c, double shape)
{
	const double up = shape < 1 ? shape + 1 : shape;
	const double d = up - 1.0 / 3, k = 1 / sqrt(9 * d);
	double v = 0;

	for (;;) {
		const double x = chance_normal(c), u = chance_uniform(c);

		v = 1 + k * x;
		v = v * v * v;
		if (v > 0 && log(u) < 0.5 * x * x + d - d * v + d * log(v))
			break;
	}
	v *= d;
	return shape < 1 ? v * pow(chance_uniform(c), 1 / shape) : v;
}
