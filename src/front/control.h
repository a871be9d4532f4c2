/* control.h - the control socket: STATE/control, by which commands reach a sender that
 * runs.  One line of JSON there, one line back, and the connection ends.
 *
 *   {"command":"status"}     what is being sent now
 *   {"command":"look"}       there are new orders in the outbox: follow them now
 *   {"command":"reload"}     read the configuration anew
 *
 *   {"ok":true, ...}   or   {"ok":false,"kind":"input","error":"..."}
 *
 * Orders themselves (hold, cancel, drain, limit ...) are rows of the outbox, which the
 * command writes before it knocks here: there is no second copy of the truth, and what
 * was ordered while no sender runs counts when one starts. */
#ifndef FRONT_CONTROL_H
#define FRONT_CONTROL_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/log.h"
#include "dispatch/dispatch.h"
#include "front/command.h"

enum { CONTROL_LINE_MAX = 512 }; /* bytes of a request with its newline; a choice */
enum control_verb { CONTROL_STATUS, CONTROL_LOOK, CONTROL_RELOAD };

/* "status": as it stands in a request. */
const char *control_verb_name(enum control_verb verb);

/* What a client sent, without its newline.  Any bytes.  -1: ERR_INPUT.  Pure. */
int control_parse(const char *line, size_t len, enum control_verb *out,
		  struct err *e) MUST_USE;
/* A whole line with its newline; yours.  Takes `answer`. */
char *control_render(json_t *answer) MUST_USE;
/* {"ok":false, ...} */
json_t *control_refusal(const struct err *e) MUST_USE;

/* --- the sender's side ------------------------------------------------------------ */

struct control_server;

struct control_server_options {
	const char *state_folder;
	struct dispatch_control *control;
	/* Read the configuration anew, all or nothing; called in the server's thread.
	 * *notes: what waits for a restart; yours (mem_free), "" for nothing. */
	int (*reload)(void *self, char **notes, struct err *e);
	void *self;
};

/* Listen in a thread of its own, for root and the user who runs this.  At most 16
 * clients at once, 5 s each: none can hold up the sender, only others that want to
 * control it.  -1: ERR_LOCAL. */
int control_server_start(const struct control_server_options *o,
			 struct control_server **out, struct err *e) MUST_USE;
void control_server_stop(struct control_server *s); /* NULL is fine */

/* The socket of a state folder, bound or connected; also where its path is longer than
 * an address of a socket can hold. */
int control_socket(const char *state_folder, bool bind_it, int *fd,
		   struct err *e) MUST_USE;

/* --- the command's side ----------------------------------------------------------- */

/* Say it to the sender that works on the state folder of `call`.  1: *answer is yours
 * (json_decref); 0: no sender runs there; -1: it refused, or does not answer. */
int control_say(const struct call *call, enum control_verb verb, json_t **answer,
		struct err *e) MUST_USE;
/* After an order was written: the sender follows it now, not at its next look.  Nothing
 * is said when that fails: it is only later then. */
void control_knock(const struct call *call);

#endif
