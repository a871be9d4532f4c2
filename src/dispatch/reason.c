#include "dispatch/reason.h"

#include "base/str.h"

struct reason_text {
	enum reason reason;
	const char *name, *words;
};

/* clang-format off */
static const struct reason_text texts[] = {
	{REASON_MAY_GO, "may_go", "it may go"},
	{REASON_NOTHING, "nothing", "nothing may go now"},
	{REASON_NOT_BEFORE, "not_before", "it was put off"},
	{REASON_RESTART, "restart", "it waits for its restart time"},
	{REASON_HELD, "held", "a person holds it"},
	{REASON_SAME_NAME, "same_name", "another to this site, under the same name, goes first"},
	{REASON_ACTIVE, "active", "it is being sent"},
	{REASON_FINAL, "final", "it is over"},
	{REASON_SITE_NEXT, "site_next", "another to this site goes first"},
	{REASON_DEADLINE, "deadline", "its deadline is unlikely"},
	{REASON_NO_ADDRESS, "no_address", "the site has no address"},
	{REASON_UNKNOWN_TYPE, "unknown_type", "no address of a type known here"},
	{REASON_WINDOW_CLOSED, "window_closed", "the window is closed"},
	{REASON_WINDOW_PRIORITY, "window_priority", "the window is open for higher priorities only"},
	{REASON_BUDGET, "budget", "the budget is spent"},
	{REASON_ADDRESS_FAILED, "address_failed", "the address failed and is left alone for a while"},
	{REASON_NO_SUBSTITUTE, "no_substitute", "the other address may not stand in now"},
	{REASON_RATE, "rate", "its way is so fast and no faster"},
	{REASON_SITE_HOLD, "site_hold", "the site could not be reached"},
	{REASON_SITE_FULL, "site_full", "the site has its share of sendings"},
	{REASON_PROBING, "probing", "another is finding out whether the site can be reached"},
	{REASON_SLOTS_FULL, "slots_full", "all sendings are in use"},
	{REASON_RESERVED, "reserved", "the sending that is left is kept for high priority"},
	{REASON_PROBES_FULL, "probes_full", "enough sites that were not reached lately are being tried"},
	{REASON_OTHERS_WAIT, "others_wait", "others are connected and wait for a sending"},
	{REASON_IN_LINE, "in_line", "others go first"},
	{REASON_DRAINED, "drained", "a person drains the sender"},
	{REASON_PREEMPTED, "preempted", "an urgent one took its place"},
	{REASON_PAUSED, "paused", "the sender's own disk was in trouble"},
	{REASON_ADDRESS_CHANGED, "address_changed", "its address was changed or taken away"},
};
/* clang-format on */

static const struct reason_text *
find(enum reason r)
{
	for (size_t i = 0; i < COUNT(texts); i++)
		if (texts[i].reason == r)
			return &texts[i];
	return NULL;
}

const char *
reason_name(enum reason r)
{
	const struct reason_text *t = find(r);

	return t ? t->name : NULL;
}

const char *
reason_words(enum reason r)
{
	const struct reason_text *t = find(r);

	return t ? t->words : NULL;
}

bool
reason_next(size_t *at, enum reason *out)
{
	if (*at >= COUNT(texts))
		return false;
	*out = texts[(*at)++].reason;
	return true;
}
