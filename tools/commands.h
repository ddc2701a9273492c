/* SPDX-License-Identifier: GPL-2.0 */
/* The subcommands. Each gets its own name as argv[0] and returns an exit code. */
#ifndef SVM_TOOL_COMMANDS_H
#define SVM_TOOL_COMMANDS_H

int cmd_doctor(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_boot(int argc, char **argv);
int cmd_probe(int argc, char **argv);
int cmd_devices(int argc, char **argv);
int cmd_claim(int argc, char **argv);
int cmd_release(int argc, char **argv);
int cmd_test(int argc, char **argv);
int cmd_access(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_audit(int argc, char **argv);

#endif /* SVM_TOOL_COMMANDS_H */
