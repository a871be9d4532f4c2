/* blame.c - whose fault a status is, once it is known what was asked. */
#include "smb/blame.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/str.h"
#include "smb/ntstatus.h"
#include "smb/smb.h"

/* Where the table's answer does not fit what was being done. */
static const struct {
	enum blame_op op;
	uint32_t ntstatus;
	enum err_kind kind;
	const char *text;
} exceptions[] = {
    /* The account got in and could write a moment ago; what is in the way now is an
     * open handle (MS-FSA, rename; measured on Samba: target open by a reader). */
    {BLAME_RENAME, NT_ACCESS_DENIED, ERR_ATTEMPT,
     "the target or something in the folder is open there, or the account may not "
     "delete "
     "in the folder"},
    {BLAME_DELETE, NT_ACCESS_DENIED, ERR_ATTEMPT,
     "it is open there, read-only, or the account may not delete it"},
    /* MS-SMB2 3.3.5.7: a share that wants encryption says no more than this. */
    {BLAME_TREE, NT_ACCESS_DENIED, ERR_ADDRESS,
     "the account has no rights on the share, or the share wants encryption (encrypt = "
     "required); check both"},
    /* Samba's answer to a guest or an account that may not use the network. */
    {BLAME_LOGON, NT_ACCESS_DENIED, ERR_ADDRESS,
     "the server does not let this account log on, or wants signing or encryption that "
     "was not agreed"},
    /* MS-SMB2 3.3.5.5.3: the token was not understood, so the mechanism does not suit.
     */
    {BLAME_LOGON, NT_INVALID_PARAMETER, ERR_ADDRESS,
     "the server does not understand this way of logging on; try auth = ntlm or "
     "kerberos"},
    /* The KDC has taken the account for good; a server says no more than this of a
     * ticket that it cannot read or believe (measured: Samba 4.17). */
    {BLAME_TICKET, NT_LOGON_FAILURE, ERR_ADDRESS,
     "the KDC gave a ticket, but the server does not take it: is that its name in the "
     "domain, is it (still) joined, does its clock agree with the KDC's, may the "
     "account log on there?"},
    /* MS-SMB2 3.3.5.4: no dialect in common. */
    {BLAME_NEGOTIATE, NT_NOT_SUPPORTED, ERR_ADDRESS,
     "the server and this program have no SMB dialect in common"},
    /* Samba with AES-256 alone says so to a client that stops at 3.0.2. */
    {BLAME_NEGOTIATE, NT_INVALID_PARAMETER, ERR_ADDRESS,
     "the server refuses what this address offers; look at dialect_max and at the "
     "server's settings for protocol, signing and encryption"},
    /* A tree or log-on that is not there is not something that a retry finds. */
    {BLAME_TREE, NT_OBJECT_NAME_NOT_FOUND, ERR_ADDRESS,
     "there is no share of that name on the server; check the share's name"},
    {BLAME_TREE, NT_OBJECT_PATH_NOT_FOUND, ERR_ADDRESS,
     "the folder behind the share is not there; create it or mount its disk"},
};

static bool
is_about(enum blame_op row, enum blame_op op)
{
	return row == op || (row == BLAME_LOGON && op == BLAME_TICKET);
}

int
blame_set(struct err *e, enum blame_op op, uint32_t ntstatus, const char *fmt, ...)
{
	const struct smb_status_info *s = smb_status(ntstatus);
	enum err_kind kind = s->kind;
	const char *text = s->text;
	char context[ERR_TEXT_BYTES / 2];
	char whole[sizeof(context) + 4]; /* 4: a character that is cut in two shows */
	va_list ap;

	for (size_t i = 0; i < COUNT(exceptions); i++) {
		if (!is_about(exceptions[i].op, op) ||
		    exceptions[i].ntstatus != ntstatus)
			continue;
		kind = exceptions[i].kind;
		text = exceptions[i].text;
	}
	va_start(ap, fmt);
	(void)vsnprintf(whole, sizeof(whole), fmt, ap);
	va_end(ap);
	str_copy_cut(context, sizeof(context), whole);
	/* Success where an error is being told is the caller's mistake; not an error of
	 * kind "none", which nobody could act upon. */
	err_set(e, kind == ERR_NONE ? ERR_ATTEMPT : kind, s->win32,
		"%s: %s (%s, 0x%08X)", context, text, s->name, ntstatus);
	e->ntstatus = ntstatus;
	return -1;
}
