// SPDX-License-Identifier: GPL-2.0
/* splitmix64: every input has a generator of its own. */
#include "fuzz.h"

void rng_start(struct rng *rng, uint64_t seed, const char *phase, uint64_t number)
{
	rng->state = seed;
	for (; *phase; phase++)
		rng->state = rng_next(rng) ^ (unsigned char)*phase;
	rng->state = rng_next(rng) ^ number;
	rng->state = rng_next(rng);
}

uint64_t rng_next(struct rng *rng)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

unsigned int rng_below(struct rng *rng, unsigned int bound)
{
	return (rng_next(rng) >> 32) * bound >> 32;
}

bool rng_one_in(struct rng *rng, unsigned int n)
{
	return !rng_below(rng, n);
}
