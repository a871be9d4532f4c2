/* ask.h - a password from the terminal. */
#ifndef FRONT_ASK_H
#define FRONT_ASK_H

#include "base/attr.h"
#include "base/err.h"

/* Ask on the terminal that is stdin, without echo.  *out is to be given to
 * config_secret_free().  -1: ERR_INPUT no terminal, nothing typed, too long; ERR_STOP.
 */
int ask_password(const char *prompt, char **out, struct err *e) MUST_USE;

#endif
