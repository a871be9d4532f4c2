/* server.h - a private smbd for the tests of this folder (tools/samba-up), and what to
 * do with it.  One server at a time. */
#ifndef TESTS_SMB_SERVER_H
#define TESTS_SMB_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smb/smb.h"

struct server {
	char folder[256]; /* of samba-up; folder/share is the share SMS_SITE */
	uint16_t port;
	char user[64], password[64];
};

/* Is there an smbd on this machine?  Where not, a test program ends with
 * SERVER_SKIP, which meson reads as "skipped". */
enum { SERVER_SKIP = 77 };
bool server_installed(void);

/* Up to three lines for [global], and one for the share; NULL ends.  Ends the test when
 * it does not come up. */
void server_start(struct server *s, const char *const global[], const char *share);
void server_stop(struct server *s);

/* cmocka's teardown of a test: ends what a failed one left running. */
int server_teardown(void **state);

/* Options for a connection to it: NTLM, signing required, the account it knows. */
struct smb_options server_options(const struct server *s);

/* A port on loopback where nobody listens now. */
uint16_t server_free_port(void);

/* Byte number `offset` of every file that a test sends. */
static inline uint8_t
server_byte(int64_t offset)
{
	return (uint8_t)((uint64_t)offset * 2654435761U >> 13);
}

/* Send a file of that size by smb_put() and wait.  -1: the put's error. */
int server_send(struct smb *s, const char *path, int64_t size_bytes, struct err *e);

/* Does the share hold that file, whole?  Looks past SMB, at the disk. */
bool server_has(const struct server *s, const char *path, int64_t size_bytes);

#endif
