/* publish_look.c - what is at the share, before anything is moved. */
#include <string.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "base/path.h"
#include "send/places.h"
#include "send/publish.h"

enum {
	MANIFEST_MAX = 1 << 28, /* bytes; a million files with long names; a choice */
	FILE_NOT_FOUND = 2,     /* MS-ERREF 2.2 */
	PATH_NOT_FOUND = 3,
};

/* Is the published manifest byte for byte ours?  1/0/-1.  Read only when its size is
 * right: a manifest of a large tree has megabytes. */
static int
is_ours(const struct publish *p, const struct places *at, struct err *e)
{
	AUTO_FREE char *ours = NULL, *theirs = NULL;
	size_t ours_len, theirs_len;
	struct transport_stat remote;
	struct stat local;
	int there = transport_stat(p->transport, at->live_manifest, &remote, e);

	if (there <= 0)
		return there;
	if (stat(p->manifest_path, &local) < 0)
		return err_sys(e, ERR_LOCAL, "look at %s", p->manifest_path);
	if (remote.is_dir || remote.size_bytes != local.st_size ||
	    local.st_size > MANIFEST_MAX)
		return 0;
	if (path_read_file(p->manifest_path, (size_t)local.st_size, ERR_LOCAL, &ours,
			   &ours_len, e) < 0)
		return -1;
	there = transport_read(p->transport, at->live_manifest, (size_t)local.st_size,
			       &theirs, &theirs_len, e);
	if (there <= 0)
		return there;
	return theirs_len == ours_len && memcmp(ours, theirs, ours_len) == 0;
}

/* What stands at the place while nothing is staged: ours, with its manifest or before
 * it, or another request's.  A manifest there that is not ours came after our package,
 * with another one: we take the former one away before our package moves. */
static int
look_at_live(const struct publish *p, const struct places *at, enum publish_found *out,
	     struct err *e)
{
	int staged_manifest = places_is_there(p, at->staged_manifest, e);
	int published =
	    staged_manifest < 0 ? -1 : places_is_there(p, at->live_manifest, e);
	int ours = published > 0 ? is_ours(p, at, e) : published;

	if (ours < 0)
		return -1;
	*out = PUBLISH_NOTHING;
	if (staged_manifest && (ours || !published))
		*out = PUBLISH_MANIFEST;
	else if (ours)
		*out = PUBLISH_DONE;
	return 0;
}

int
publish_look(const struct publish *p, enum publish_found *out, struct err *e)
{
	AUTO_PLACES struct places at;
	int staged, live;

	places_init(&at, p);
	staged = places_is_there(p, at.staged, e);
	live = staged == 0 ? places_is_there(p, at.live, e) : 0;
	if (staged < 0 || live < 0)
		return -1;
	*out = staged ? PUBLISH_STAGED : PUBLISH_NOTHING;
	return live ? look_at_live(p, &at, out, e) : 0;
}

/* --- a look ahead ---------------------------------------------------------------- */

static enum publish_seen
seen(const struct err *e)
{
	if (!e)
		return PUBLISH_TAKEN;
	return e->win32 == FILE_NOT_FOUND || e->win32 == PATH_NOT_FOUND
		   ? PUBLISH_FREE
		   : PUBLISH_UNSEEN;
}

static void
package_seen(void *self, const struct err *e)
{
	struct publish *p = self;

	p->seen.package = seen(e);
}

static void
manifest_seen(void *self, const struct err *e)
{
	struct publish *p = self;

	p->seen.manifest = seen(e);
}

int
publish_scout(struct publish *p, struct err *e)
{
	AUTO_FREE char *manifest = mem_printf("%s" PUBLISH_SUFFIX, p->name);
	struct transport_change at_package = {
	    .kind = TRANSPORT_LOOK, .path = p->name, .done = package_seen, .self = p};
	struct transport_change at_manifest = {
	    .kind = TRANSPORT_LOOK, .path = manifest, .done = manifest_seen, .self = p};

	if (transport_change(p->transport, &at_package, e) < 0)
		return -1;
	return transport_change(p->transport, &at_manifest, e);
}
