#include "transport/filetime.h"

/* 100 ns from 1601-01-01 to 1970-01-01 (MS-DTYP 2.3.3): 369 years, 89 of them leap */
static const int64_t EPOCH_100NS = INT64_C(116444736000000000);

int64_t
filetime_of(int64_t ns)
{
	return ns / 100 - (ns % 100 < 0) + EPOCH_100NS;
}

int64_t
filetime_to_ns(int64_t filetime)
{
	int64_t since, ns;

	if (__builtin_sub_overflow(filetime, EPOCH_100NS, &since) ||
	    __builtin_mul_overflow(since, 100, &ns))
		return filetime < EPOCH_100NS ? INT64_MIN : INT64_MAX;
	return ns;
}
