/* wait.h - watching send requests until they end. */
#ifndef FRONT_WAIT_H
#define FRONT_WAIT_H

#include <stdbool.h>
#include <stddef.h>

#include "outbox/outbox.h"

/* Until all are final, with a bar or lines; what became of each is printed.  Returns
 * the exit code: 0 all sent, 1 one failed or was cancelled, 3 interrupted. */
int wait_for_requests(struct outbox *o, const struct request_id *ids, size_t count,
		      bool json);

#endif
