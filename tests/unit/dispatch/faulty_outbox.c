#include "faulty_outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "outbox/outbox.h"

/* The linker hands calls of NAME to wrap_NAME(), and real_NAME() is what was meant. */
#define BETWEEN(name)                                                                  \
	__typeof__(name) real_##name __asm__("__real_" #name);                         \
	__typeof__(name) wrap_##name __asm__("__wrap_" #name)

bool faulty_outbox_prepares;

static unsigned fail_at; /* 0: none does */
static unsigned made;

static bool
fails(struct err *e)
{
	if (faulty_outbox_prepares || ++made != fail_at)
		return false;
	(void)err_set(e, ERR_LOCAL, 0, "call %u of the outbox failed", made);
	return true;
}

int
faulty_outbox(int (*run)(void *self, struct err *e), void *self, unsigned *calls)
{
	for (unsigned k = 1;; k++) {
		struct err e = {0};
		char expected[64];
		int rc;

		fail_at = k;
		made = 0;
		rc = run(self, &e);
		fail_at = 0;
		if (made < k) {
			*calls = made;
			return rc;
		}
		(void)snprintf(expected, sizeof(expected),
			       "call %u of the outbox failed", k);
		assert_int_equal(rc, -1);
		assert_string_equal(e.text, expected);
	}
}

BETWEEN(outbox_get);
int
wrap_outbox_get(struct outbox *o, struct request_id id, struct request *out,
		struct err *e)
{
	return fails(e) ? -1 : real_outbox_get(o, id, out, e);
}

BETWEEN(outbox_site);
int
wrap_outbox_site(struct outbox *o, const char *site, int64_t now_ms,
		 struct outbox_site *out, struct err *e)
{
	return fails(e) ? -1 : real_outbox_site(o, site, now_ms, out, e);
}

BETWEEN(outbox_sites);
int
wrap_outbox_sites(struct outbox *o, int64_t now_ms, bool counts,
		  int (*each)(void *self, const struct outbox_site *s), void *self,
		  struct err *e)
{
	return fails(e) ? -1 : real_outbox_sites(o, now_ms, counts, each, self, e);
}

BETWEEN(outbox_sites_changed);
int
wrap_outbox_sites_changed(struct outbox *o, int64_t now_ms, int64_t *cursor,
			  int (*each)(void *self, const struct outbox_site *s),
			  void *self, struct err *e)
{
	return fails(e) ? -1
			: real_outbox_sites_changed(o, now_ms, cursor, each, self, e);
}

BETWEEN(outbox_list);
int
wrap_outbox_list(struct outbox *o, const struct outbox_filter *f,
		 int (*each)(void *self, const struct request *r), void *self,
		 struct err *e)
{
	return fails(e) ? -1 : real_outbox_list(o, f, each, self, e);
}

BETWEEN(outbox_override_list);
int
wrap_outbox_override_list(struct outbox *o, int64_t now_ms,
			  struct outbox_override **out, size_t *count, struct err *e)
{
	return fails(e) ? -1 : real_outbox_override_list(o, now_ms, out, count, e);
}

BETWEEN(outbox_usage_get);
int
wrap_outbox_usage_get(struct outbox *o, const char *node, int64_t from_at_ms,
		      int64_t *bytes, struct err *e)
{
	return fails(e) ? -1 : real_outbox_usage_get(o, node, from_at_ms, bytes, e);
}

BETWEEN(outbox_usage_add);
int
wrap_outbox_usage_add(struct outbox *o, const struct outbox_usage *rows, size_t count,
		      struct err *e)
{
	return fails(e) ? -1 : real_outbox_usage_add(o, rows, count, e);
}

BETWEEN(outbox_learnt_list);
int
wrap_outbox_learnt_list(struct outbox *o, struct outbox_learnt **out, size_t *count,
			struct err *e)
{
	return fails(e) ? -1 : real_outbox_learnt_list(o, out, count, e);
}

BETWEEN(outbox_site_excuse);
int
wrap_outbox_site_excuse(struct outbox *o, const char *site, const char *reason,
			int64_t now_ms, struct err *e)
{
	return fails(e) ? -1 : real_outbox_site_excuse(o, site, reason, now_ms, e);
}

BETWEEN(outbox_site_result);
int
wrap_outbox_site_result(struct outbox *o, const char *site, const char *address,
			const struct err *why, int64_t now_ms, struct err *e)
{
	return fails(e) ? -1
			: real_outbox_site_result(o, site, address, why, now_ms, e);
}

BETWEEN(outbox_site_hold);
int
wrap_outbox_site_hold(struct outbox *o, const char *site, int64_t until_at_ms,
		      const char *reason, struct err *e)
{
	return fails(e) ? -1 : real_outbox_site_hold(o, site, until_at_ms, reason, e);
}

BETWEEN(outbox_address_result);
int
wrap_outbox_address_result(struct outbox *o, const char *site,
			   const struct outbox_address *a, struct err *e)
{
	return fails(e) ? -1 : real_outbox_address_result(o, site, a, e);
}
