/* front.h - DOOR: the command line.
 *
 * One subcommand, one file (cmd_*.c), each with one table of its options, from which it
 * is parsed and its --help is printed.
 *
 * Behind the door: front.c (the table of subcommands) command.c (options, --help)
 * place.c (where state and configuration are) print.c (what people and machines read)
 * view.c (a request as a row, as JSON) when.c (instants as typed) progress.c (the bar)
 * interrupt.c (Ctrl-C) put_hooks.c put_hash.c cmd_*.c */
#ifndef FRONT_FRONT_H
#define FRONT_FRONT_H

/* The whole program.  Returns its exit code: 0 done, 1 failed, 2 usage, 3 not now. */
int front_main(int argc, char **argv);

#endif
