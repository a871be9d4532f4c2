#include "base/crash.h"

#ifdef LANSENDER_CRASH_POINTS

#include <signal.h>
#include <stdlib.h>

#include "base/str.h"

void
crash_point(const char *name)
{
	if (str_eq(getenv("LANSENDER_CRASH_AT"), name))
		(void)raise(SIGKILL); /* GCOVR_EXCL_LINE: nobody lives to tell */
}

#endif
