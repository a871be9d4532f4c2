/* main.c - hands over to the command line; its table of subcommands is front/front.c.
 */
#include "front/front.h"

int
main(int argc, char **argv)
{
	return front_main(argc, argv);
}
