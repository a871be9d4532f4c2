/* commands.h - the subcommands; each is defined in its cmd_*.c. */
#ifndef FRONT_COMMANDS_H
#define FRONT_COMMANDS_H

#include "front/command.h"

extern const struct command command_run;
extern const struct command command_send;
extern const struct command command_put;
extern const struct command command_list;
extern const struct command command_show;
extern const struct command command_log;
extern const struct command command_hold;
extern const struct command command_release;
extern const struct command command_cancel;
extern const struct command command_retry;
extern const struct command command_priority;
extern const struct command command_sites;
extern const struct command command_status;
extern const struct command command_drain;
extern const struct command command_open;
extern const struct command command_limit;
extern const struct command command_reload;
extern const struct command command_why;
extern const struct command command_simulate;
extern const struct command command_check;
extern const struct command command_selftest;

#endif
