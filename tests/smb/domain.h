/* domain.h - the domain of domain-up, as a test inside its namespace sees it. */
#ifndef TESTS_SMB_DOMAIN_H
#define TESTS_SMB_DOMAIN_H

#include "smb/smb.h"

#define DOMAIN_FOLDER "LANSENDER_TEST_DOMAIN" /* environment: the folder of domain-up */

/* Runs a program and waits.  Its exit code; 1 where there is none. */
int domain_run(const char *const arguments[]);

/* A file in the folder.  Yours to free. */
char *domain_path(const char *name);

/* Another krb5.conf, by its name in the folder.  No thread of Kerberos' may be out. */
void domain_use(const char *name);

/* A ticket for smssend, by its keytab, into that cache. */
void domain_kinit(const char *cache, const char *lifetime);

/* For a connection to its share SMS_SITE. */
struct smb_options domain_options(enum smb_auth auth, const char *account,
				  const char *password);

/* 0, or -1 and *e.  The connection is not kept. */
int domain_can_connect(const struct smb_options *o, struct err *e);

/* By gone.conf it cannot, and the error says why. */
void domain_assert_no_kdc(const struct smb_options *o);

/* kerberos_expiry.c: tests */
void a_refused_ticket_is_replaced(void **state);
void expires_on_the_way(void **state);
void the_whole_sender(void **state);

#endif
