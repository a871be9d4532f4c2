#include "front/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/num.h"
#include "base/str.h"

enum {                       /* choices */
       BAR_EVERY_MS = 200,   /* often enough to be seen to move        */
       LINE_EVERY_MS = 5000, /* in a file, a line says little          */
       RATE_OVER_MS = 1000,  /* the rate is of the last second or two  */
};

void
progress_init(struct progress *p, const char *what, const struct clock *clock)
{
	const int64_t now = clock_mono_ms(clock);

	*p = (struct progress){.clock = clock,
			       .what = what,
			       .fd = STDERR_FILENO,
			       .is_terminal = isatty(STDERR_FILENO) == 1,
			       .started_at_ms = now,
			       .shown_at_ms = now,
			       .rate_at_ms = now};
}

void
progress_text(const struct progress *p, int64_t bytes, int64_t total, char *buf,
	      size_t room)
{
	char done[24], all[24], rate[24], left[24];
	struct str line = {0};

	str_addf(&line, "%s ", p->what);
	if (total > 0)
		str_addf(&line, "%3d%%  %s of %s",
			 (int)((double)bytes * 100 / (double)total),
			 num_bytes_text(bytes, done, sizeof(done)),
			 num_bytes_text(total, all, sizeof(all)));
	else
		str_add(&line, num_bytes_text(bytes, done, sizeof(done)));
	if (p->bytes_per_s > 0)
		str_addf(&line, "  %s/s",
			 num_bytes_text(p->bytes_per_s, rate, sizeof(rate)));
	if (p->bytes_per_s > 0 && total > bytes)
		str_addf(&line, "  %s left",
			 num_duration_text((total - bytes) / p->bytes_per_s * 1000,
					   left, sizeof(left)));
	str_copy_cut(buf, room, str_text(&line));
	str_done(&line);
}

/* Half of it is new each time: calm, but not slow. */
static void
measure(struct progress *p, int64_t bytes, int64_t now)
{
	const int64_t over_ms = now - p->rate_at_ms;
	int64_t fresh;

	if (over_ms < RATE_OVER_MS)
		return;
	fresh = (bytes - p->rate_bytes) * 1000 / over_ms;
	fresh = fresh > 0 ? fresh : 0;
	p->bytes_per_s = p->bytes_per_s ? (p->bytes_per_s + fresh) / 2 : fresh;
	p->rate_at_ms = now;
	p->rate_bytes = bytes;
}

static void
put(const struct progress *p, const char *text)
{
	/* A closed terminal is no reason to stop sending. */
	(void)dprintf(p->fd, "%s", text);
}

void
progress_show(struct progress *p, int64_t bytes, int64_t total)
{
	const int64_t now = clock_mono_ms(p->clock);
	char text[160];
	char line[sizeof(text) + 8];

	measure(p, bytes, now);
	if (p->fd < 0 ||
	    now - p->shown_at_ms < (p->is_terminal ? BAR_EVERY_MS : LINE_EVERY_MS))
		return;
	p->shown_at_ms = now;
	progress_text(p, bytes, total, text, sizeof(text));
	/* ECMA-48 8.3.41: erase to the end of the line. */
	(void)snprintf(line, sizeof(line), p->is_terminal ? "\r%s\033[K" : "%s\n",
		       text);
	put(p, line);
	p->is_shown = p->is_terminal;
}

void
progress_clear(struct progress *p)
{
	if (p->is_shown)
		put(p, "\r\033[K");
	p->is_shown = false;
}
