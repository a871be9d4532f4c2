#include "front/ask.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/stop.h"
#include "front/interrupt.h"

enum { PASSWORD_MAX_BYTES = 1024 }; /* a choice; Windows allows 256 characters */

/* One line from a terminal: a read gives a line.  Ctrl-C ends the read. */
static int
read_line(char *buf, size_t room, struct err *e)
{
	const struct stop *stop = interrupt_stop();
	ssize_t n;

	do {
		n = read(STDIN_FILENO, buf, room - 1);
	} while (n < 0 && errno == EINTR && !stop_thrown(stop));
	if (stop_thrown(stop))
		return err_set(e, ERR_STOP, 0, "stopped");
	if (n < 0)
		return err_sys(e, ERR_INPUT, "read the password");
	buf[n] = '\0';
	if (n == 0)
		return err_set(e, ERR_INPUT, 0, "no password was typed");
	if (buf[n - 1] != '\n')
		return err_set(e, ERR_INPUT, 0, "the password is longer than %d bytes",
			       PASSWORD_MAX_BYTES);
	buf[n - 1] = '\0';
	return 0;
}

int
ask_password(const char *prompt, char **out, struct err *e)
{
	char buf[PASSWORD_MAX_BYTES + 2];
	struct termios before, quiet;
	int rc;

	if (tcgetattr(STDIN_FILENO, &before) < 0)
		return err_set(e, ERR_INPUT, 0,
			       "there is no terminal to ask for the password: write it "
			       "into a file of mode 0600 and name that by "
			       "--password-file");
	(void)interrupt_stop(); /* its handlers first: echo is put back in any case */
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ECHONL;
	(void)fprintf(stderr, "%s: ", prompt);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	rc = read_line(buf, sizeof(buf), e);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	if (rc == 0)
		*out = mem_dup(buf);
	mem_wipe(buf, sizeof(buf));
	return rc;
}
