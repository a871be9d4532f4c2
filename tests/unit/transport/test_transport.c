/* The door's own work, against a server that lies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "transport/transport.h"

/* A server that says what a test wants it to say, and notes what it is asked. */
struct liar {
	const char *name; /* listed in every folder; NULL: none    */
	bool is_dir, is_link;
	int remove_answer; /* of transport_remove()                   */
	int times;         /* lists `name` that often, then nothing;
			    * -1: for ever                          */
	int entries;       /* how many of them per listing            */
	int removed, listed;
	char last[256]; /* the path that was last removed          */
};

static int
liar_stat(void *impl, const char *path, struct transport_stat *out, struct err *e)
{
	(void)impl;
	(void)path;
	(void)e;
	*out = (struct transport_stat){.is_dir = true};
	return 1;
}

static int
liar_list(void *impl, const char *path,
	  int (*each)(void *self, const char *name, const struct transport_stat *st),
	  void *self, struct err *e)
{
	struct liar *l = impl;
	struct transport_stat st = {.is_dir = l->is_dir, .is_link = l->is_link};

	(void)path;
	(void)e;
	l->listed++;
	if (!l->name || l->times == 0)
		return 0;
	if (l->times > 0)
		l->times--;
	for (int i = 0; i < l->entries; i++) {
		int rc = each(self, l->name, &st);

		if (rc)
			return rc;
	}
	return 0;
}

static int
liar_remove(void *impl, const char *path, bool is_dir, struct err *e)
{
	struct liar *l = impl;

	(void)is_dir;
	(void)e;
	l->removed++;
	str_copy_cut(l->last, sizeof(l->last), path);
	return l->remove_answer;
}

static const struct transport_ops liar_ops = {
    .stat = liar_stat,
    .list = liar_list,
    .remove = liar_remove,
};

static int
never(void *self, const char *name, const struct transport_stat *st)
{
	(void)self;
	(void)st;
	fail_msg("was told of \"%s\"", name);
	return -1;
}

static void
test_names_that_no_server_may_list(void **state)
{
	static const char *const names[] = {"..",    ".",  "",    "a/b",
					    "..\\x", "\\", "/etc"};
	struct err e;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct liar l = {.name = names[i], .times = 1, .entries = 1};
		struct transport t = {.ops = &liar_ops, .impl = &l};

		assert_int_equal(transport_list(&t, "in", never, NULL, &e), -1);
		assert_string_equal(err_kind_name(e.kind), "site");
		assert_non_null(strstr(e.text,
				       "the folder \"in\" at the site lists the "
				       "name \""));
		assert_non_null(strstr(e.text, "look at that server"));
	}
}

static void
test_remove_tree_stays_inside(void **state)
{
	struct liar l = {
	    .name = "../../precious", .times = 1, .entries = 1, .remove_answer = 1};
	struct transport t = {.ops = &liar_ops, .impl = &l};
	struct err e;

	(void)state;
	assert_int_equal(transport_remove_tree(&t, "staging", &e), -1);
	assert_int_equal(l.removed, 0);
	assert_non_null(strstr(e.text, "../../precious"));
}

/* A link is taken away, not what it leads to. */
static void
test_remove_tree_does_not_enter_links(void **state)
{
	struct liar l = {.name = "junction",
			 .is_dir = true,
			 .is_link = true,
			 .times = 1,
			 .entries = 1,
			 .remove_answer = 1};
	struct transport t = {.ops = &liar_ops, .impl = &l};
	struct err e;

	(void)state;
	assert_int_equal(transport_remove_tree(&t, "staging", &e), 0);
	assert_int_equal(l.listed, 1);
	assert_int_equal(l.removed, 2);
	assert_string_equal(l.last, "staging");
}

/* Names that are never gone must not keep us for ever. */
static void
test_remove_tree_ends_when_nothing_goes(void **state)
{
	struct liar l = {.name = "ghost", .times = -1, .entries = 300};
	struct transport t = {.ops = &liar_ops, .impl = &l};
	struct err e;

	(void)state;
	assert_int_equal(transport_remove_tree(&t, "staging", &e), -1);
	assert_string_equal(err_kind_name(e.kind), "site");
	assert_string_equal(e.text,
			    "\"staging\" at the site cannot be emptied: it lists "
			    "names that are not there");
	assert_int_equal(l.removed, 256);
}

static int
beat_thrice(void *self, struct err *e)
{
	int *left = self;

	return --*left > 0 ? 0 : err_set(e, ERR_STOP, 0, "stopped");
}

/* Who removes a large tree hears a stop, and renews what it holds. */
static void
test_remove_tree_beats(void **state)
{
	struct liar l = {.name = "file", .times = 1, .entries = 9, .remove_answer = 1};
	struct transport t = {.ops = &liar_ops, .impl = &l};
	struct err e;
	int left = 3;

	(void)state;
	transport_set_beat(&t, beat_thrice, &left);
	assert_int_equal(transport_remove_tree(&t, "staging", &e), -1);
	assert_string_equal(e.text, "stopped");
	assert_int_equal(l.removed, 3);
}

static void
test_remove_tree_has_a_bottom(void **state)
{
	struct liar l = {.name = "d", .is_dir = true, .times = -1, .entries = 1};
	struct transport t = {.ops = &liar_ops, .impl = &l};
	struct err e;

	(void)state;
	assert_int_equal(transport_remove_tree(&t, "staging", &e), -1);
	assert_string_equal(err_kind_name(e.kind), "site");
	assert_non_null(strstr(
	    e.text,
	    "more than 512 folders deep, which none of ours is: remove it there"));
	assert_int_equal(l.removed, 0);
}

static void
test_free_takes_null(void **state)
{
	(void)state;
	transport_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names_that_no_server_may_list),
	    cmocka_unit_test(test_remove_tree_stays_inside),
	    cmocka_unit_test(test_remove_tree_does_not_enter_links),
	    cmocka_unit_test(test_remove_tree_ends_when_nothing_goes),
	    cmocka_unit_test(test_remove_tree_beats),
	    cmocka_unit_test(test_remove_tree_has_a_bottom),
	    cmocka_unit_test(test_free_takes_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
