/* fault_room.h - what fault_server.c, fault_wire.c, fault_answer.c and fault_lie.c
 * share. */
#ifndef TEST_FAULT_ROOM_H
#define TEST_FAULT_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault_login.h"
#include "fault_server.h"
#include "smb/crypto.h"
#include "smb/pdu.h"

enum {
	HANDLES_MAX = 600, /* more than the client ever has open */
	PARTS_MAX = 8,
	NONCE_BYTES = 16,
	NBSS_BYTES = 4,
};

struct handle {
	struct share_file *file; /* NULL: free */
	uint64_t number;
	bool delete_on_close;
	size_t list_at; /* next entry of a folder */
	bool listed;    /* begun to */
};

struct peer { /* one connection */
	int fd;
	struct fault_server *server;
	struct fault_login *login;
	struct crypto *crypto;
	uint8_t preauth[CRYPTO_PREAUTH_BYTES];
	uint64_t session_id;
	bool logged_on;
	bool again;  /* a second log-on to the same session goes on */
	bool seal;   /* the session demands it */
	bool sealed; /* the request was, so the answer will be */
	unsigned legs;
	uint64_t next_id; /* MessageId that must come next */
	int64_t credits;  /* granted and not used */
	struct handle handle[HANDLES_MAX];
	uint64_t handles; /* ever opened */
	struct handle *related;
	uint8_t *nonces; /* of all sealed requests */
	size_t n_nonces, nonces_room;
};

struct fault_server {
	struct fault_options o;
	struct share *share;
	struct thread *thread;
	int listen_fd;
	uint16_t port;
	unsigned due;  /* answers of the fault's kind so far */
	unsigned page; /* of a list without end */
	struct fault_seen seen;
};

struct request { /* one of a compound, or the only one; checked for its fixed part */
	const uint8_t *bytes;
	size_t len;
	uint16_t command;
};

struct reply { /* to one PDU */
	struct pdu_buf buf;
	struct reply_part {
		size_t at;
		uint16_t command;
	} part[PARTS_MAX];
	unsigned parts;
	unsigned lying; /* which part the fault is about */
	bool lies;
	bool hashed; /* for the pre-auth hash */
	bool bare;   /* neither signed nor sealed: the log-on is not over */
};

void complain(struct fault_server *s, const char *text);
size_t reply_part_len(const struct reply *r, unsigned i);

/* fault_lie.c: is the fault to be made with this answer?  Counts. */
bool fault_is_due(struct fault_server *s, uint16_t command);

/* fault_answer.c: one request into r; returns its status.  `failed`: that of a related
 * one before it. */
uint32_t answer_request(struct peer *p, const struct request *q, uint32_t failed,
			struct reply *r);
/* A header and `len` zero bytes of body; returns the body. */
uint8_t *answer_begin(struct peer *p, const struct request *q, struct reply *r,
		      uint32_t status, size_t len);
uint32_t answer_error(struct peer *p, const struct request *q, struct reply *r,
		      uint32_t status);

/* fault_list.c */
uint32_t answer_list(struct peer *p, const struct request *q, struct handle *h,
		     struct reply *r);

/* fault_session.c: NEGOTIATE and SESSION_SETUP, whose bytes are hashed. */
uint32_t answer_negotiate(struct peer *p, const struct request *q, struct reply *r);
uint32_t answer_capabilities(const struct fault_options *o);
uint32_t answer_setup(struct peer *p, const struct request *q, struct reply *r);

/* fault_lie.c: sign, seal and send r, with the fault if it is due.  false: the
 * connection is over. */
bool send_reply(struct peer *p, struct reply *r);

/* fault_wire.c */
/* One PDU, opened and checked; yours to free.  NULL: the client is gone. */
uint8_t *wire_read(struct peer *p, size_t *len);
bool wire_send(const struct peer *p, const uint8_t *bytes, size_t len, size_t step);
/* Wait, unless the client hangs up.  true: it is still there. */
bool wire_wait(const struct peer *p, int ms);

#endif
