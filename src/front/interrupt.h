/* interrupt.h - Ctrl-C in a command that runs in the foreground.  (`run` takes its
 * signals by sigwait() instead.) */
#ifndef FRONT_INTERRUPT_H
#define FRONT_INTERRUPT_H

#include "base/stop.h"

/* A stop switch that SIGINT, SIGTERM and SIGHUP throw; a second one ends the process at
 * once.  Once per process; lives as long as it. */
const struct stop *interrupt_stop(void);

#endif
