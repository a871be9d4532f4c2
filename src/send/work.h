/* work.h - what a sending thread does. */
#ifndef SEND_WORK_H
#define SEND_WORK_H

#include "send/worker.h"

/* From the first line of its log to ENDED; self: a struct worker in the pool's list. */
void worker_work(void *self);

#endif
