// SPDX-License-Identifier: GPL-2.0
/*
 * Usage: faults anonymous|file COUNT
 *
 * Takes COUNT page faults and prints what one takes, in nanoseconds: the first store to a
 * page of anonymous memory, which the kernel clears; or the first load of one of a file in
 * memory that others have there, for which it only sets an entry.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec * 1e9 + at.tv_nsec;
}

int main(int argc, char **argv)
{
	size_t page = sysconf(_SC_PAGESIZE), count, i;
	size_t sum = 0;
	char *memory;
	double start;
	int fd = -1, flags = MAP_PRIVATE | MAP_ANONYMOUS;

	if (argc != 3)
		return 2;
	count = strtoul(argv[2], NULL, 10);
	if (!strcmp(argv[1], "file")) {
		flags = MAP_SHARED;
		fd = memfd_create("faults", 0);
		if (fd < 0 || ftruncate(fd, page * count))
			return 1;
		memory = mmap(NULL, page * count, PROT_WRITE, flags, fd, 0);
		if (memory == MAP_FAILED)
			return 1;
		for (i = 0; i < count; i++)
			memory[i * page] = 1;
	}
	memory = mmap(NULL, page * count, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (memory == MAP_FAILED || madvise(memory, page * count, MADV_RANDOM))
		return 1;
	madvise(memory, page * count, MADV_NOHUGEPAGE);
	start = now();
	for (i = 0; i < count; i++) {
		if (fd < 0)
			memory[i * page] = 1;
		else
			sum += memory[i * page];
	}
	printf("%.0f\n", (now() - start) / count);
	return fd >= 0 && sum != count;
}
