/* crash.h - named places to die at, for the tests that kill a sender between any two
 * durable steps.  Built in only with the meson option crash_points; a release has no
 * such door. */
#ifndef BASE_CRASH_H
#define BASE_CRASH_H

#ifdef LANSENDER_CRASH_POINTS
/* SIGKILL this process when LANSENDER_CRASH_AT names this point. */
void crash_point(const char *name);
#else
static inline void
crash_point(const char *name)
{
	(void)name;
}
#endif

#endif
