/* faulty.h - a transport around another that breaks at the k-th call: a test goes
 * through every single failure, k = 1, 2, 3 ... until a run is clean. */
#ifndef FAULTY_H
#define FAULTY_H

#include "base/attr.h"
#include "base/err.h"
#include "transport/transport.h"

/* Fail the k-th call (1 = first) with *fault, as a line that breaks: every call after
 * it fails too.  Each block that a put reads counts as a call, so that files break in
 * the middle.  What was queued before the break gets through.  Takes `inner`. */
struct transport *faulty_wrap(struct transport *inner, unsigned k,
			      const struct err *fault) MUST_USE;

#endif
