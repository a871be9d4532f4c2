#include "smb/tickets.h"

#include <krb5.h>
#include <stdio.h>

#include "base/digest.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/str.h"

enum {
	SKEW_MS = 5 * 60 * 1000, /* RFC 4120 1.2, MIT's and Windows' default */
	FRESH_PART = 4,          /* 1/4 of the life must be left; a choice */
};

struct ticket {
	struct ticket *next;
	char key[DIGEST_HEX_ROOM];
	char cache[TICKETS_NAME_ROOM];
	int64_t got_at_ms, lasts_ms; /* monotonic */
	int64_t put_off_until_ms;
	bool old; /* whatever its age */
};

static struct lock lock = LOCK_INIT;
static struct ticket *kept; /* guarded by lock, and all that hangs on it */

void
tickets_name(char name[TICKETS_NAME_ROOM])
{
	char token[17];

	digest_token(token, sizeof(token) - 1);
	(void)snprintf(name, TICKETS_NAME_ROOM, "MEMORY:lansender-%s", token);
}

/* A MEMORY cache lives as long as the process, unless destroyed by name; GSSAPI cannot.
 */
void
tickets_destroy(const char *name)
{
	krb5_context context;
	krb5_ccache cache;

	if (name[0] == '\0' || krb5_init_context(&context))
		return;
	if (krb5_cc_resolve(context, name, &cache) == 0)
		(void)krb5_cc_destroy(context, cache);
	krb5_free_context(context);
}

/* --- how long --------------------------------------------------------------- */

enum ticket_state
ticket_state(int64_t lasts_ms, int64_t age_ms)
{
	int64_t left_ms = lasts_ms - age_ms;

	if (left_ms <= 0)
		return TICKET_SPENT;
	return left_ms > lasts_ms / FRESH_PART + SKEW_MS ? TICKET_FRESH : TICKET_AGING;
}

static enum ticket_state
state_of(const struct ticket *t, int64_t now_ms)
{
	enum ticket_state state = ticket_state(t->lasts_ms, now_ms - t->got_at_ms);

	if (state == TICKET_SPENT)
		return state;
	if (now_ms < t->put_off_until_ms)
		return TICKET_FRESH;
	return t->old ? TICKET_AGING : state;
}

/* The one that other tickets are got with. */
static int
read_times(krb5_context context, krb5_ccache cache, krb5_ticket_times *out)
{
	krb5_creds which = {0}, found;
	int rc = krb5_cc_get_principal(context, cache, &which.client);

	if (rc == 0) {
		const krb5_data *realm = krb5_princ_realm(context, which.client);

		rc = krb5_build_principal_ext(
		    context, &which.server, realm->length, realm->data,
		    KRB5_TGS_NAME_SIZE, KRB5_TGS_NAME, realm->length, realm->data, 0);
	}
	if (rc == 0)
		rc = krb5_cc_retrieve_cred(context, cache, 0, &which, &found);
	if (rc == 0) {
		*out = found.times;
		krb5_free_cred_contents(context, &found);
	}
	krb5_free_cred_contents(context, &which);
	return rc;
}

/* krb5_timestamp is a signed type whose bits count on to 2106. */
static int64_t
seconds(krb5_timestamp t)
{
	return (int64_t)(uint32_t)t;
}

static int64_t
read_end(krb5_context context, const char *name, bool *is_spent)
{
	krb5_ticket_times times;
	krb5_timestamp now;
	krb5_ccache cache;
	int64_t end_s = 0;

	if (krb5_cc_resolve(context, name, &cache))
		return 0;
	if (read_times(context, cache, &times) == 0 &&
	    krb5_timeofday(context, &now) == 0) {
		end_s = seconds(times.endtime);
		*is_spent = end_s <= seconds(now);
	}
	(void)krb5_cc_close(context, cache);
	return end_s;
}

int64_t
tickets_end(const char *cache, bool *is_spent)
{
	krb5_context context;
	int64_t end_s;

	*is_spent = false;
	if (krb5_init_context(&context))
		return 0;
	end_s = read_end(context, cache, is_spent);
	krb5_free_context(context);
	return end_s;
}

/* --- what is kept ----------------------------------------------------------- */

/* Where it hangs, or would. */
static struct ticket **
find(const char *key)
{
	struct ticket **at = &kept;

	while (*at && !str_eq((*at)->key, key))
		at = &(*at)->next;
	return at;
}

static struct ticket *
take_off(struct ticket **at)
{
	struct ticket *t = *at;

	*at = t->next;
	t->next = NULL;
	return t;
}

static void
free_all(struct ticket *t)
{
	while (t) {
		struct ticket *next = t->next;

		tickets_destroy(t->cache);
		mem_free(t);
		t = next;
	}
}

enum ticket_state
tickets_state(const char *key, int64_t now_ms)
{
	enum ticket_state state = TICKET_SPENT;

	lock_take(&lock);
	const struct ticket *t = *find(key);

	if (t)
		state = state_of(t, now_ms);
	lock_give(&lock);
	return state;
}

static bool
copy(krb5_context context, const char *from, const char *to)
{
	krb5_ccache source = NULL, target = NULL;
	krb5_principal who = NULL;
	bool done = krb5_cc_resolve(context, from, &source) == 0 &&
		    krb5_cc_get_principal(context, source, &who) == 0 &&
		    krb5_cc_resolve(context, to, &target) == 0 &&
		    krb5_cc_initialize(context, target, who) == 0 &&
		    krb5_cc_copy_creds(context, source, target) == 0;

	krb5_free_principal(context, who);
	if (source)
		(void)krb5_cc_close(context, source);
	if (target && done)
		(void)krb5_cc_close(context, target);
	else if (target)
		(void)krb5_cc_destroy(context, target);
	return done;
}

bool
tickets_copy(const char *key, enum ticket_state worst, int64_t now_ms, const char *to)
{
	krb5_context context;
	bool done = false;

	if (krb5_init_context(&context))
		return false;
	lock_take(&lock);
	const struct ticket *t = *find(key);

	if (t && state_of(t, now_ms) <= worst)
		done = copy(context, t->cache, to);
	lock_give(&lock);
	krb5_free_context(context);
	return done;
}

static int64_t
read_life_ms(const char *name)
{
	krb5_ticket_times times;
	krb5_context context;
	krb5_ccache cache;
	int64_t life_ms = 0;

	if (krb5_init_context(&context))
		return 0;
	if (krb5_cc_resolve(context, name, &cache) == 0) {
		if (read_times(context, cache, &times) == 0)
			life_ms = 1000 * (seconds(times.endtime) -
					  seconds(times.starttime ? times.starttime
								  : times.authtime));
		(void)krb5_cc_close(context, cache);
	}
	krb5_free_context(context);
	return life_ms;
}

/* The old one for the key, and all that have expired: yours to free. */
static struct ticket *
take_off_old(const char *key, int64_t now_ms)
{
	struct ticket **at = &kept, *old = NULL;

	while (*at) {
		if (!str_eq((*at)->key, key) && state_of(*at, now_ms) != TICKET_SPENT) {
			at = &(*at)->next;
			continue;
		}
		struct ticket *t = take_off(at);

		t->next = old;
		old = t;
	}
	return old;
}

void
tickets_keep(const char *key, int64_t now_ms, char name[TICKETS_NAME_ROOM])
{
	struct ticket *t = mem_zero(1, sizeof(*t)), *old;

	str_copy_cut(t->key, sizeof(t->key), key);
	str_copy_cut(t->cache, sizeof(t->cache), name);
	name[0] = '\0';
	t->got_at_ms = now_ms;
	t->lasts_ms = read_life_ms(t->cache);
	lock_take(&lock);
	old = take_off_old(key, now_ms);
	t->next = kept;
	kept = t;
	lock_give(&lock);
	free_all(old);
}

void
tickets_put_off(const char *key, int64_t until_ms)
{
	lock_take(&lock);
	struct ticket *t = *find(key);

	if (t)
		t->put_off_until_ms = until_ms;
	lock_give(&lock);
}

void
tickets_age(const char *key)
{
	lock_take(&lock);
	struct ticket *t = *find(key);

	if (t)
		t->old = true;
	lock_give(&lock);
}

void
tickets_drop(const char *key)
{
	struct ticket *t = NULL;

	lock_take(&lock);
	struct ticket **at = find(key);

	if (*at)
		t = take_off(at);
	lock_give(&lock);
	free_all(t);
}
