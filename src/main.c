/* main.c - the table of subcommands, nothing else. */
#include "front/front.h"

int
main(int argc, char **argv)
{
	return front_main(argc, argv);
}
