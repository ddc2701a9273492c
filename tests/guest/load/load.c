// SPDX-License-Identifier: GPL-2.0
/*
 * Usage: load FILE PARAMETERS
 *
 * Loads a module by one system call, and exits with its errno. The insmod of busybox tries another
 * call if that one fails: so of what fails only once nobody hears.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd, err;

	if (argc != 3) {
		fprintf(stderr, "usage: load FILE PARAMETERS\n");
		return 255;
	}
	fd = open(argv[1], O_RDONLY);
	if (fd < 0 || syscall(SYS_finit_module, fd, argv[2], 0)) {
		err = errno;
		perror(argv[1]);
		return err;
	}
	return 0;
}
