/* request_id.h - the id of a send request as somebody types it. */
#ifndef FRONT_REQUEST_ID_H
#define FRONT_REQUEST_ID_H

#include "base/attr.h"
#include "base/err.h"
#include "outbox/outbox.h"

/* -1: it is no id; ERR_INPUT. */
int request_id_parse(const char *typed, struct request_id *out, struct err *e) MUST_USE;

/* No request has that id: -1, ERR_REQUEST. */
int request_id_unknown(struct request_id id, struct err *e);

#endif
