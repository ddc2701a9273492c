// SPDX-License-Identifier: GPL-2.0
/*
 * Usage: maps FILE PAGE
 *
 * Maps a page of a file and prints what a load there gives, then again when it has been made
 * read-only: a value, or the signal. Or it prints why there is no mapping.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <fcntl.h>
#include <unistd.h>

static sigjmp_buf back;

static void on_signal(int number)
{
	siglongjmp(back, number);
}

static void load(const volatile uint32_t *at)
{
	int number = sigsetjmp(back, 1);

	if (number)
		printf("signal %d\n", number);
	else
		printf("%#x\n", *at);
}

int main(int argc, char **argv)
{
	long page = getpagesize();
	int fd = argc == 3 ? open(argv[1], O_RDWR) : -1;
	void *map;

	if (fd < 0)
		return 2;
	map = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, atol(argv[2]) * page);
	if (map == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	signal(SIGBUS, on_signal);
	signal(SIGSEGV, on_signal);
	load(map);
	mprotect(map, page, PROT_READ);
	load(map);
	return 0;
}
