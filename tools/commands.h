/* commands.h: the subcommands of weft. Each gets its own name as argv[0] and returns the exit code: 0; 1 when what was
 * asked for failed; 2 when it could not be understood. */
#ifndef WEFT_TOOLS_COMMANDS_H
#define WEFT_TOOLS_COMMANDS_H

int weft__cmd_serve(int argc, char **argv);
int weft__cmd_cluster(int argc, char **argv);
int weft__cmd_keygen(int argc, char **argv);
int weft__cmd_cert(int argc, char **argv);
int weft__cmd_rights(int argc, char **argv);
int weft__cmd_inspect(int argc, char **argv);
int weft__cmd_sim(int argc, char **argv);
int weft__cmd_law(int argc, char **argv);
int weft__cmd_demo(int argc, char **argv);

#endif
