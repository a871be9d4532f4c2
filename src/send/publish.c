#include "send/publish.h"

#include "base/auto.h"
#include "base/crash.h"
#include "send/places.h"

enum {
	ACCESS_DENIED = 5, /* MS-ERREF 2.2 */
	SHARING_VIOLATION = 32,
	LOCK_VIOLATION = 33,
	ALREADY_EXISTS = 183,
	USER_MAPPED_FILE = 1224,
};

static int
move(const struct publish *p, const char *from, const char *to, bool replace,
     struct err *e)
{
	if (p->beat && p->beat(p->self, e) < 0)
		return -1;
	if (p->say)
		p->say(p->self, from, to, false);
	if (transport_rename(p->transport, from, to, replace, e) < 0)
		return -1;
	if (p->say)
		p->say(p->self, from, to, true);
	return 0;
}

static bool
is_in_use(const struct err *e)
{
	return e->win32 == SHARING_VIOLATION || e->win32 == ACCESS_DENIED ||
	       e->win32 == LOCK_VIOLATION || e->win32 == USER_MAPPED_FILE;
}

/* A rename was refused although the line is good.  Who holds it is not told by the
 * server, only that somebody does; the same answer may mean that the account may not
 * rename, so both are said.  183: another request published under this name meanwhile.
 */
static int
blame_rename(const struct publish *p, const char *what, struct err *e)
{
	const bool in_use = is_in_use(e);

	if (!transport_alive(p->transport) || !(in_use || e->win32 == ALREADY_EXISTS))
		return -1;
	e->kind = ERR_ATTEMPT;
	if (!in_use)
		return -1;
	return err_wrap(e,
			"%s cannot be moved: a program at the site has it open (find "
			"it there with Get-SmbOpenFile or smbstatus, and close it), or "
			"the account may not rename it",
			what);
}

/* Make room in .lansender/previous.  Before anything moves: emptying a large folder
 * takes long, and the site shall not be without its manifest meanwhile.  The manifest
 * goes first: it never stands beside a package that is not its own (P4). */
static int
clear_previous(const struct publish *p, const struct places *at, struct err *e)
{
	int there;

	if (transport_mkdir(p->transport, PUBLISH_PREVIOUS, false, e) < 0)
		return -1;
	there = places_is_there(p, at->previous, e);
	if (there <= 0)
		return there; /* a manifest alone there: put away just before a crash */
	if (transport_remove(p->transport, at->previous_manifest, false, e) < 0 ||
	    transport_remove_tree(p->transport, at->previous, e) < 0)
		return -1;
	crash_point("publish.after-clear-previous");
	return 0;
}

/* What was put aside comes back, as far as it goes: the site is not left without a
 * package because the new one cannot be moved.  The next run puts it aside again.  What
 * stands at the place while the former one is still aside is another request's: the
 * former manifest does not belong beside it (P2). */
static void
put_back(const struct publish *p, const struct places *at)
{
	struct err unused;
	int live;

	if (!transport_alive(p->transport))
		return;
	live = places_is_there(p, at->live, &unused);
	if (live < 0 || (live > 0 && places_is_there(p, at->previous, &unused) != 0))
		return;
	if (live == 0 &&
	    transport_rename(p->transport, at->previous, at->live, false, &unused) < 0)
		return;
	crash_point("publish.after-put-back");
	(void)!transport_rename(p->transport, at->previous_manifest, at->live_manifest,
				false, &unused);
}

static void
tried(void *self, const struct err *e)
{
	if (e)
		*(struct err *)self = *e;
}

/* Is the former version open at the site?  Asked before its manifest goes away, which
 * otherwise would go and come back with each retry.  In a folder only the rename itself
 * finds out. */
static int
try_move(const struct publish *p, const struct places *at, struct err *e)
{
	struct err refused = {0};
	const struct transport_change try = {.kind = TRANSPORT_TRY_MOVE,
					     .path = at->live,
					     .done = tried,
					     .self = &refused};

	if (transport_change(p->transport, &try, e) < 0 ||
	    transport_drain(p->transport, e) < 0)
		return -1;
	if (!is_in_use(&refused))
		return 0; /* what else there is to say, the rename says */
	*e = refused;
	return -1;
}

/* The former version to .lansender/previous: its manifest first, so that nobody acts
 * upon a manifest whose package is about to move (P2). */
static int
put_aside(const struct publish *p, const struct places *at, struct err *e)
{
	int manifest;

	if (try_move(p, at, e) < 0 || clear_previous(p, at, e) < 0)
		return -1;
	manifest = places_is_there(p, at->live_manifest, e);
	if (manifest < 0)
		return -1;
	if (manifest && move(p, at->live_manifest, at->previous_manifest, true, e) < 0)
		return -1;
	crash_point("publish.after-manifest-away");
	if (move(p, at->live, at->previous, false, e) < 0) {
		put_back(p, at);
		return -1;
	}
	crash_point("publish.after-rename-old");
	return 0;
}

/* --- the renames ----------------------------------------------------------------- */

/* Nothing was at its place a moment ago: then one rename does.  1: done; 0: somebody
 * was faster, or it is not known. */
static int
move_to_free_place(const struct publish *p, const struct places *at, struct err *e)
{
	if (p->seen.package != PUBLISH_FREE || p->seen.manifest != PUBLISH_FREE)
		return 0;
	if (move(p, at->staged, at->live, false, e) == 0)
		return 1;
	return e->win32 == ALREADY_EXISTS && transport_alive(p->transport)
		   ? 0
		   : blame_rename(p, "the staged package", e);
}

/* What stands there in the spelling that was asked for.  Samba (4.17, measured) keeps
 * the former one, SETUP, when `setup` is renamed to where SETUP has just been renamed
 * away; a manifest that says `setup` would then not verify there.  A rename to itself
 * mends it, and does nothing where the spelling is right (MS-FSA 2.1.5.15.11).  Who
 * keeps it from being renamed is no reason to call the package unpublished. */
static int
spell(const struct publish *p, const char *path, struct err *e)
{
	if (p->beat && p->beat(p->self, e) < 0)
		return -1;
	if (transport_rename(p->transport, path, path, false, e) < 0 &&
	    !transport_alive(p->transport))
		return -1;
	crash_point("publish.after-spell");
	return 0;
}

/* *replaced: something stood at one of the two places. */
static int
move_package(const struct publish *p, const struct places *at, bool *replaced,
	     struct err *e)
{
	int moved = move_to_free_place(p, at, e), live;
	int alone = 0;

	if (moved) {
		*replaced = false;
		crash_point("publish.after-rename-new");
		return moved < 0 ? -1 : 0;
	}
	live = places_is_there(p, at->live, e);
	if (live < 0)
		return -1;
	if (live && put_aside(p, at, e) < 0)
		return blame_rename(p, "the former version", e);
	/* A manifest without a package says nothing true. */
	if (!live)
		alone = transport_remove(p->transport, at->live_manifest, false, e);
	if (alone < 0)
		return -1;
	*replaced = live || alone;
	if (move(p, at->staged, at->live, false, e) < 0) {
		if (live)
			put_back(p, at);
		return blame_rename(p, "the staged package", e);
	}
	crash_point("publish.after-rename-new");
	return 0;
}

/* What is left is an empty folder.  When the line is good and it still cannot be
 * removed, that is no reason to call the package unpublished. */
static int
remove_staging(const struct publish *p, struct err *e)
{
	/* Mostly it is empty: one round trip instead of six. */
	if (transport_remove(p->transport, p->staging, true, e) < 0 &&
	    (!transport_alive(p->transport) ||
	     transport_remove_tree(p->transport, p->staging, e) < 0))
		return transport_alive(p->transport) ? 0 : -1;
	crash_point("publish.after-remove-staging");
	return 0;
}

/* --- the manifest, and out ------------------------------------------------------- */

struct ending {
	const struct publish *p;
	const struct places *at;
	struct err renamed, removed; /* ERR_NONE: it worked */
};

static void
manifest_moved(void *self, const struct err *e)
{
	struct ending *end = self;
	const struct publish *p = end->p;

	if (e) {
		end->renamed = *e;
		return;
	}
	if (p->say)
		p->say(p->self, end->at->staged_manifest, end->at->live_manifest, true);
	crash_point("publish.after-manifest");
}

static void
staging_removed(void *self, const struct err *e)
{
	struct ending *end = self;

	if (e)
		end->removed = *e;
}

/* The manifest to its place, and the folder it lay in away: in one round trip, since
 * one of the two only works when the other has. */
static int
queue_ending(struct ending *end, struct err *e)
{
	const struct publish *p = end->p;
	const struct transport_change move_manifest = {.kind = TRANSPORT_RENAME,
						       .path = end->at->staged_manifest,
						       .to = end->at->live_manifest,
						       .done = manifest_moved,
						       .self = end};
	const struct transport_change remove_folder = {.kind = TRANSPORT_REMOVE_FOLDER,
						       .path = p->staging,
						       .done = staging_removed,
						       .self = end};

	if (p->beat && p->beat(p->self, e) < 0)
		return -1;
	if (p->say)
		p->say(p->self, end->at->staged_manifest, end->at->live_manifest,
		       false);
	if (transport_change(p->transport, &move_manifest, e) < 0 ||
	    transport_change(p->transport, &remove_folder, e) < 0)
		return -1;
	return transport_drain(p->transport, e);
}

/* 1: the staging folder is away, too; 0: it is not. */
static int
finish_manifest(const struct publish *p, const struct places *at, struct err *e)
{
	struct ending end = {.p = p, .at = at};

	if (queue_ending(&end, e) < 0)
		return -1;
	if (end.renamed.kind == ERR_NONE)
		return end.removed.kind == ERR_NONE;
	*e = end.renamed;
	/* Something is in the way: a manifest of before, which this one replaces. */
	if (e->win32 != ALREADY_EXISTS ||
	    move(p, at->staged_manifest, at->live_manifest, true, e) < 0)
		return -1;
	crash_point("publish.after-manifest");
	return 0;
}

int
publish_run(const struct publish *p, struct err *e)
{
	AUTO_PLACES struct places at;
	enum publish_found found;
	int removed = 0;
	bool replaced = true; /* perhaps, by a run that was cut off */

	places_init(&at, p);
	found = PUBLISH_STAGED;
	if (!p->is_staged && publish_look(p, &found, e) < 0)
		return -1;
	if (found == PUBLISH_NOTHING)
		return err_set(e, ERR_ATTEMPT, 2,
			       "publish %s: what was staged in %s is gone; it is sent "
			       "again from the start",
			       p->name, p->staging);
	if (found == PUBLISH_STAGED && move_package(p, &at, &replaced, e) < 0)
		return -1;
	if (replaced && spell(p, at.live, e) < 0)
		return -1;
	if (found != PUBLISH_DONE) {
		removed = finish_manifest(p, &at, e);
		if (removed < 0)
			return -1;
	}
	if (replaced && spell(p, at.live_manifest, e) < 0)
		return -1;
	if (removed) {
		crash_point("publish.after-remove-staging");
		return 0;
	}
	return remove_staging(p, e);
}
