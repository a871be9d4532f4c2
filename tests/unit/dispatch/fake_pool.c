#include "fake_pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/str.h"

#define INSTEAD(name) __typeof__(name) wrap_##name __asm__("__wrap_" #name)

struct fake_pool fake;

struct pool_sending *
fake_add(int64_t request, const char *site, enum request_priority priority)
{
	struct pool_sending *s = &fake.sendings[fake.count++];

	assert_true(fake.count <= FAKE_ROOM);
	*s = (struct pool_sending){
	    .request = {request}, .priority = priority, .stage = "sending"};
	str_copy_cut(s->site, sizeof(s->site), site);
	(void)snprintf(s->address, sizeof(s->address), "%s.1", site);
	return s;
}

const struct fake_rate *
fake_rate(const char *node)
{
	for (size_t i = 0; i < fake.rate_count; i++)
		if (str_eq(fake.rates[i].node, node))
			return &fake.rates[i];
	return NULL;
}

INSTEAD(pool_site_active);
int
wrap_pool_site_active(struct pool *p, const char *site)
{
	int active = 0;

	(void)p;
	for (size_t i = 0; i < fake.count; i++)
		active += !site || str_eq(fake.sendings[i].site, site);
	return active;
}

INSTEAD(pool_list);
size_t
wrap_pool_list(struct pool *p, struct pool_sending *out, size_t room)
{
	(void)p;
	assert_true(room >= fake.count);
	for (size_t i = 0; i < fake.count; i++)
		out[i] = fake.sendings[i];
	return fake.count;
}

INSTEAD(pool_suspend);
int
wrap_pool_suspend(struct pool *p, struct request_id id, const struct pool_why *why)
{
	int called = 0;

	(void)p;
	fake.all_suspended = fake.all_suspended || id.n == 0;
	for (size_t i = 0; i < fake.count; i++)
		if (id.n == 0 || fake.sendings[i].request.n == id.n) {
			fake.suspended[i] = *why;
			fake.sendings[i].suspending = true;
			called++;
		}
	return called;
}

INSTEAD(pool_order);
void
wrap_pool_order(struct pool *p, struct request_id id)
{
	(void)p;
	for (size_t i = 0; i < fake.count; i++)
		if (fake.sendings[i].request.n == id.n)
			fake.ordered[i] = true;
}

INSTEAD(pool_set_priority);
void
wrap_pool_set_priority(struct pool *p, struct request_id id, enum request_priority to)
{
	(void)p;
	for (size_t i = 0; i < fake.count; i++)
		if (fake.sendings[i].request.n == id.n)
			fake.priority[i] = to;
}

INSTEAD(pool_set_rate);
void
wrap_pool_set_rate(struct pool *p, const char *node, const struct send_rate *rate)
{
	struct fake_rate *to = NULL;

	(void)p;
	for (size_t i = 0; i < fake.rate_count && !to; i++)
		if (str_eq(fake.rates[i].node, node))
			to = &fake.rates[i];
	if (!to) {
		assert_true(fake.rate_count < COUNT(fake.rates));
		to = &fake.rates[fake.rate_count++];
		str_copy_cut(to->node, sizeof(to->node), node);
	}
	to->rate = *rate;
	to->times++;
}

static int
in_stage(const char *site, const char *stage)
{
	int count = 0;

	for (size_t i = 0; i < fake.count; i++)
		count += (!site || str_eq(fake.sendings[i].site, site)) &&
			 str_eq(fake.sendings[i].stage, stage);
	return count;
}

INSTEAD(pool_site_connecting);
int
wrap_pool_site_connecting(struct pool *p, const char *site)
{
	(void)p;
	return in_stage(site, "connecting");
}

INSTEAD(pool_get_counts);
void
wrap_pool_get_counts(struct pool *p, struct pool_counts *out)
{
	(void)p;
	*out = (struct pool_counts){.connecting_unproven = in_stage(NULL, "connecting"),
				    .waiting = in_stage(NULL, "waiting"),
				    .sending = in_stage(NULL, "sending")};
}
