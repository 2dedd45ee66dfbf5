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
