/* SPDX-License-Identifier: MIT */
#include "cli/command.h"

#include <stdio.h>

#include "cli/options.h"

void ta_command_describe(const struct ta_command *command) {
  printf("Usage: tinyasync %s%s%s\n", command->name, *command->operands ? " " : "",
         command->operands);
  if (command->options) putchar('\n');
  ta_options_describe(command->options);
}

int ta_command_do(const struct ta_call *call, struct ta_options *options,
                  bool (*take)(struct ta_options *options), int (*act)(void *data), void *data) {
  const struct ta_command *command = call->command;
  int status = TA_EXIT_CANNOT_START;
  bool parsed = ta_options_parse(options, command->name, command->options, call->argc, call->argv);
  options->script.short_form = call->short_form;
  if (parsed && options->help) {
    ta_command_describe(command);
    status = 0;
  } else if (parsed && take(options)) {
    status = act(data);
  }
  ta_options_free(options);
  return status;
}
