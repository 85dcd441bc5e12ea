/* SPDX-License-Identifier: BSD-2-Clause */
/* The tools: each takes main's arguments and returns main's result. */
#ifndef TOOLS_H
#define TOOLS_H

int tool_cat(int argc, char **argv);
int tool_echo(int argc, char **argv);
int tool_ls(int argc, char **argv);
int tool_mkdir(int argc, char **argv);
int tool_rm(int argc, char **argv);
int tool_sleep(int argc, char **argv);

/* Prints "NAME: PATH: why errno" on standard error; returns 1. */
int tool_complain(const char *path);
/* The same for what was asked for wrongly; returns 2. */
int tool_usage(const char *usage);

#endif
