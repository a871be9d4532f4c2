/* sweep.h - what former sendings left in the staging folder of a site: of a request
 * that was cancelled while no connection stood, or was sent by another address.
 * One thread; the run's. */
#ifndef SEND_SWEEP_H
#define SEND_SWEEP_H

#include "send/run.h"

/* Remove staging folders whose requests are over, as hooks.is_over tells; those of
 * other senders, which share the folder, stay.  Trouble is not told: whoever connects
 * next tries again. */
void sweep_run(struct run *r);

#endif
