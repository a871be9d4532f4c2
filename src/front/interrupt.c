#include "front/interrupt.h"

#include <signal.h>

/* A signal handler has no other way to reach it. */
static struct stop *thrown_by_signals;

static void
on_signal(int number)
{
	(void)number;
	stop_throw(thrown_by_signals);
}

const struct stop *
interrupt_stop(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	/* No SA_RESTART: a read from the terminal ends. */
	struct sigaction action = {.sa_handler = on_signal,
				   .sa_flags = (int)SA_RESETHAND};

	if (thrown_by_signals)
		return thrown_by_signals;
	thrown_by_signals = stop_new();
	for (size_t i = 0; i < COUNT(numbers); i++)
		(void)sigaction(numbers[i], &action, NULL);
	return thrown_by_signals;
}
