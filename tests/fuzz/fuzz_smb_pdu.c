/* Every decoder of messages, on whatever bytes: the first byte chooses, the rest is the
 * message or buffer. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "smb/pdu.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A slice must lie in the message: read its first and last byte. */
static void
touch(struct pdu_slice s)
{
	volatile uint8_t sink;

	if (s.len == 0)
		return;
	sink = s.bytes[0];
	sink = s.bytes[s.len - 1];
	(void)sink;
}

static void
decode(uint8_t which, const struct pdu_msg *m)
{
	struct pdu_negotiated negotiated;
	struct pdu_session session;
	struct pdu_tree tree;
	struct pdu_created created;
	struct pdu_slice s = {0};
	uint32_t count;
	struct err e;
	int rc = -1;

	switch (which % 8) {
	case 0:
		if (pdu_get_negotiated(m, &negotiated, &e) == 0)
			touch(negotiated.token);
		return;
	case 1:
		if (pdu_get_session(m, &session, &e) == 0)
			touch(session.token);
		return;
	case 2:
		rc = pdu_get_tree(m, &tree, &e);
		break;
	case 3:
		rc = pdu_get_created(m, &created, &e);
		break;
	case 4:
		rc = pdu_get_written(m, &count, &e);
		break;
	case 5:
		rc = pdu_get_read(m, &s, &e);
		break;
	case 6:
		rc = pdu_get_ioctl(m, &s, &e);
		break;
	default:
		rc = pdu_get_output(m, &s, &e);
		break;
	}
	if (rc == 0)
		touch(s);
}

static void
list(struct pdu_slice rest)
{
	struct pdu_entry entry;
	struct err e;
	size_t before = rest.len + 1;

	while (pdu_get_entry(&rest, &entry, &e) == 1) {
		if (rest.len >= before)
			abort(); /* it would never end */
		before = rest.len;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pdu_slice rest;
	int64_t free_bytes;
	struct err e;

	if (size == 0)
		return 0;
	rest = (struct pdu_slice){data + 1, size - 1};
	if (data[0] == 0xff) {
		list(rest);
		return 0;
	}
	if (data[0] == 0xfe) {
		if (pdu_get_free_bytes(rest, &free_bytes, &e) == 0 && free_bytes < 0)
			abort();
		return 0;
	}
	while (rest.len > 0) {
		struct pdu_msg m;

		if (pdu_get_msg(rest, &m, &rest, &e) < 0)
			return 0;
		decode(data[0], &m);
	}
	return 0;
}
