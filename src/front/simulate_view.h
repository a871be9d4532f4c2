/* simulate_view.h - what a simulation has shown, for people and machines. */
#ifndef FRONT_SIMULATE_VIEW_H
#define FRONT_SIMULATE_VIEW_H

#include "dispatch/dispatch.h"

void simulate_print(const struct config *c, const struct dispatch_simulate *a,
		    const struct dispatch_simulated *s);
void simulate_print_json(const struct config *c, const struct dispatch_simulate *a,
			 const struct dispatch_simulated *s);

#endif
