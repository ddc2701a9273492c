// SPDX-License-Identifier: GPL-2.0
/*
 * Usage: faults anonymous|file COUNT
 *        faults start COUNT PROGRAM [ARGUMENT...]
 *
 * Touches COUNT pages and prints what a page fault of that takes, in nanoseconds: the first
 * store to a page of anonymous memory, which the kernel clears; or the first load of one of
 * a file in memory that others have there, for which it only sets an entry, and perhaps
 * those of the pages around it, which then have no fault. Or has PROGRAM run COUNT
 * times, from fork() to exit(), and prints what that takes, all its faults among it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return at.tv_sec * 1e9 + at.tv_nsec;
}

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

static int run(char **command)
{
	pid_t child = fork();
	int status;

	if (!child) {
		dup2(open("/dev/null", O_WRONLY), 1);
		execv(command[0], command);
		_exit(127);
	}
	return child < 0 || waitpid(child, &status, 0) != child || status;
}

static int start(unsigned int count, char **command)
{
	unsigned int i;
	double begin;

	/* Its file is in memory from then on. */
	if (run(command))
		return 1;
	begin = now();
	for (i = 0; i < count; i++)
		if (run(command))
			return 1;
	printf("%.0f\n", (now() - begin) / count);
	return 0;
}

int main(int argc, char **argv)
{
	size_t page = sysconf(_SC_PAGESIZE), count, i;
	size_t sum = 0;
	char *memory;
	double begin, end;
	long before;
	int fd = -1, flags = MAP_PRIVATE | MAP_ANONYMOUS;

	if (argc > 3 && !strcmp(argv[1], "start"))
		return start(strtoul(argv[2], NULL, 10), argv + 3);
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
	before = faults();
	begin = now();
	for (i = 0; i < count; i++) {
		if (fd < 0)
			memory[i * page] = 1;
		else
			sum += memory[i * page];
	}
	end = now();
	printf("%.0f\n", (end - begin) / (faults() - before));
	return fd >= 0 && sum != count;
}
