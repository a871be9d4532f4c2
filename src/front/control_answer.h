/* control_answer.h - what the sender says over its control socket. */
#ifndef FRONT_CONTROL_ANSWER_H
#define FRONT_CONTROL_ANSWER_H

#include "front/control.h"

/* Do it, in the server's thread; *answer is the caller's. */
int control_answer(const struct control_server_options *o, enum control_verb verb,
		   json_t **answer, struct err *e) MUST_USE;

#endif
