#include "front/override_view.h"

#include <stdio.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"
#include "front/print.h"

static const char *
kind_name(enum outbox_override_kind kind)
{
	static const char *const names[] = {
	    [OUTBOX_DRAIN] = "drain", [OUTBOX_OPEN] = "open", [OUTBOX_LIMIT] = "limit"};

	return names[kind];
}

static int
list(struct outbox *o, struct outbox_override **all, size_t *count, struct err *e)
{
	*all = NULL;
	*count = 0;
	if (!o)
		return 0;
	return outbox_override_list(o, clock_wall_ms(clock_real()), all, count, e);
}

static void
print_one(const struct outbox_override *v)
{
	char at[24], rate[24] = "";
	AUTO_FREE char *limit = NULL;

	if (v->kind == OUTBOX_LIMIT)
		limit = mem_printf(" %s%s",
				   v->value == INT64_MAX
				       ? "unlimited"
				       : num_bytes_text(v->value, rate, sizeof(rate)),
				   v->value == INT64_MAX ? "" : "/s");
	print_line("ordered: %s%s%s%s %s%s", kind_name(v->kind), v->what[0] ? " " : "",
		   v->what, limit ? limit : "",
		   v->until_at_ms ? "until " : "until it is taken back",
		   v->until_at_ms ? print_at(v->until_at_ms, at, sizeof(at)) : "");
}

int
override_print(struct outbox *o, struct err *e)
{
	AUTO_FREE struct outbox_override *all = NULL;
	size_t count = 0;

	if (list(o, &all, &count, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		print_one(&all[i]);
	return 0;
}

json_t *
override_json(struct outbox *o)
{
	AUTO_FREE struct outbox_override *all = NULL;
	json_t *array = json_array();
	size_t count = 0;
	struct err unused;

	if (list(o, &all, &count, &unused) < 0)
		return array;
	for (size_t i = 0; i < count; i++) {
		json_t *v = json_object();
		const bool is_rate =
		    all[i].kind == OUTBOX_LIMIT && all[i].value != INT64_MAX;

		(void)json_object_set_new(v, "kind",
					  print_json_text(kind_name(all[i].kind)));
		(void)json_object_set_new(v, "of", print_json_text(all[i].what));
		(void)json_object_set_new(v, "bytes_per_s",
					  is_rate ? json_integer(all[i].value)
						  : json_null());
		(void)json_object_set_new(v, "set_at", print_json_at(all[i].set_at_ms));
		(void)json_object_set_new(v, "until",
					  print_json_at(all[i].until_at_ms));
		(void)json_array_append_new(array, v);
	}
	return array;
}
