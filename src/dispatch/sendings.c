#include "dispatch/sendings.h"

#include "base/mem.h"

size_t
sendings_list(struct pool *pool, struct pool_sending **out)
{
	const size_t room = (size_t)pool_site_active(pool, NULL);

	*out = mem_zero(room + 1, sizeof(**out));
	return pool_list(pool, *out, room);
}
