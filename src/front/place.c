#include "front/place.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/num.h"
#include "base/path.h"
#include "base/str.h"
#include "package/package.h"

static const char system_config[] = "/etc/lansender/lansender.conf";
static const char system_state[] = "/var/lib/lansender";

/* A variable of the environment that says something; NULL otherwise. */
static const char *
variable(const char *name)
{
	const char *text = getenv(name);

	return text && text[0] ? text : NULL;
}

/* $NAME, else HOME/fallback: XDG Base Directory Specification 0.8. */
static char *
user_folder(const char *name, const char *fallback)
{
	const char *folder = variable(name), *home = variable("HOME");
	struct passwd room, *found = NULL;
	char text[4096];

	if (folder)
		return mem_dup(folder);
	if (!home && getpwuid_r(geteuid(), &room, text, sizeof(text), &found) == 0 &&
	    found)
		home = found->pw_dir;
	return path_join(home ? home : "/", fallback);
}

char *
place_state(const struct call *call)
{
	const char *given = call->state ? call->state : variable("LANSENDER_STATE");
	AUTO_FREE char *base = NULL;

	if (given)
		return mem_dup(given);
	if (geteuid() == 0)
		return mem_dup(system_state);
	base = user_folder("XDG_STATE_HOME", ".local/state");
	return path_join(base, "lansender");
}

char *
place_config(const struct call *call)
{
	const char *given = call->config ? call->config : variable("LANSENDER_CONFIG");
	AUTO_FREE char *base = NULL;
	AUTO_FREE char *own = NULL;

	if (given)
		return mem_dup(given);
	if (geteuid() == 0)
		return mem_dup(system_config);
	base = user_folder("XDG_CONFIG_HOME", ".config");
	own = path_join(base, "lansender/lansender.conf");
	return access(own, F_OK) == 0 ? STEAL(own) : mem_dup(system_config);
}

char *
place_store(const char *state)
{
	return path_join(state, "store");
}

char *
place_log(const struct config *config, const char *state)
{
	return config && config->sender.log_file ? mem_dup(config->sender.log_file)
						 : path_join(state, "sender.log");
}

int
place_check_config(const struct call *call, struct err *e)
{
	const char *named = call->config ? call->config : variable("LANSENDER_CONFIG");

	if (!named || access(named, F_OK) == 0)
		return 0;
	if (errno == ENOENT)
		return err_set(e, ERR_INPUT, 0,
			       "there is no configuration %s: write it as "
			       "lansender.conf(5) shows, or name another one",
			       named);
	return err_sys(e, ERR_INPUT, "look at configuration %s", named);
}

int
place_load_config(const struct call *call, struct config **out, struct err *e)
{
	AUTO_FREE char *path = place_config(call);

	return config_load(path, out, e);
}

static int
count_package(void *self, const char *id, int64_t age_ms)
{
	int64_t *count = self;

	(void)id;
	(void)age_ms;
	*count += 1;
	return 0;
}

int
place_check_outbox(const char *state, struct err *e)
{
	AUTO_FREE char *store = place_store(state);
	int64_t count = 0;

	if (!outbox_is_blank(state))
		return 0;
	if (package_each(store, count_package, &count, e) < 0)
		return -1;
	/* The outbox is made before the first package is read. */
	if (count == 0)
		return 0;
	return err_set(e, ERR_LOCAL, 0,
		       "the outbox %s/outbox.db is missing or empty, but %lld "
		       "package%s that it filed still lie%s in %s: bring outbox.db "
		       "back from a backup; or, to begin with an empty outbox, move "
		       "that store away first",
		       state, (long long)count, count == 1 ? "" : "s",
		       count == 1 ? "s" : "", store);
}

int
place_open_outbox(const struct call *call, struct outbox **out, struct err *e)
{
	AUTO_FREE char *state = place_state(call);

	if (path_make(state, 0700, e) < 0)
		return err_wrap(e, "state folder");
	if (place_check_outbox(state, e) < 0 || outbox_open(state, out, e) < 0)
		return -1;
	outbox_set_patience(*out, OUTBOX_LONG_PATIENCE_MS);
	return 0;
}

int
place_open_outbox_readonly(const struct call *call, struct outbox **out, struct err *e)
{
	AUTO_FREE char *state = place_state(call);

	if (place_check_outbox(state, e) < 0)
		return -1;
	return outbox_open_readonly(state, out, e);
}

static int64_t
read_pid(int fd)
{
	char text[24];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	int64_t pid = 0;

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return num_int(text, 1, INT64_MAX, &pid) < 0 ? 0 : pid;
}

int
place_lock(const char *state, int *fd, int64_t *pid, struct err *e)
{
	AUTO_FREE char *path = path_join(state, "lock");
	AUTO_CLOSE int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char text[24];
	int len;

	if (lock < 0)
		return err_sys(e, ERR_LOCAL, "open %s", path);
	/* Not flock(): who looks at that takes it for an instant, and a sender that
	 * starts in it would give up. */
	if (fcntl(lock, F_OFD_SETLK, &whole) < 0) {
		if (errno != EAGAIN && errno != EACCES)
			return err_sys(e, ERR_LOCAL, "lock %s", path);
		*pid = read_pid(lock);
		return 0;
	}
	/* Only for the message of whoever comes second. */
	len = snprintf(text, sizeof(text), "%lld\n", (long long)getpid());
	if (ftruncate(lock, 0) < 0 || pwrite(lock, text, (size_t)len, 0) != len)
		return err_disk(e, "write", path, NULL);
	*fd = STEAL_FD(lock);
	return 1;
}

bool
place_is_locked(const char *state)
{
	AUTO_FREE char *path = path_join(state, "lock");
	AUTO_CLOSE int lock = open(path, O_RDONLY | O_CLOEXEC);
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (lock < 0)
		return errno == EACCES;
	return fcntl(lock, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
}
