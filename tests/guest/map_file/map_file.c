// SPDX-License-Identifier: GPL-2.0
/*
 * Usage: map_file FILE
 *
 * Maps the first page of a file, says so, and waits to be ended. It accesses nothing.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDWR) : -1;

	if (fd < 0 || mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			   0) == MAP_FAILED) {
		perror("map_file");
		return 1;
	}
	puts("mapped");
	fflush(stdout);
	pause();
	return 0;
}
