// SPDX-License-Identifier: GPL-2.0
/*
 * System calls on all files: reads at any place and of any length give what is there, what
 * cannot be written cannot, and memory that cannot be read is an error.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fuzz.h"

#define MAX_FILES	(2 + 3 * MAX_BARS)

struct file {
	char path[160];
	int fd;
	bool seq;		/* one of the kernel's seq_files */
	bool commands;		/* takes commands */
	char *text;		/* what it reads */
	ssize_t len;
};

static struct file files[MAX_FILES];
static unsigned int file_count;
static char *forbidden;		/* a page that cannot be read; the one before it can */
static long page_size;

static void add_file(const char *path, bool commands)
{
	struct file *file = &files[file_count++];

	snprintf(file->path, sizeof(file->path), "%s", path);
	file->fd = open(path, O_RDWR);
	if (file->fd < 0)
		die("%s", path);
	file->commands = commands;
	file->seq = !strstr(path, "/bar");
	file->text = malloc(65536);
	file->len = slurp(file->fd, file->text, 65536);
}

static long result(long done)
{
	return done < 0 ? -errno : done;
}

static void expect(const struct file *file, const char *what, long wanted, long got)
{
	if (wanted != got)
		failed("%s of %s: expected %s, got %s", what, file->path, error_name(wanted),
		       error_name(got));
}

static void check_pread(struct rng *rng, const struct file *file)
{
	int64_t at = rng_one_in(rng, 4) ? (int64_t)rng_next(rng) >> rng_below(rng, 64) :
					  rng_below(rng, file->len + 20);
	size_t size = rng_below(rng, rng_one_in(rng, 2) ? 16 : 70000);
	static char to[70000];
	long got = result(pread(file->fd, to, size, at));
	long wanted = 0;

	if (at < 0)
		wanted = -EINVAL;
	else if (at < file->len)
		wanted = (long)size < file->len - at ? (long)size : file->len - at;
	if (got != wanted || (got > 0 && memcmp(to, file->text + at, got)))
		failed("pread of %zu bytes at %" PRId64 " of %s: expected %s, got %s%s", size, at,
		       file->path, error_name(wanted), error_name(got),
		       got == wanted ? " others" : "");
}

/* Sequential reads of odd sizes, after a seek. */
static void check_seek(struct rng *rng, const struct file *file)
{
	long at = rng_below(rng, file->len + 1);
	char to[64];
	long got;

	expect(file, "lseek", at, result(lseek(file->fd, at, SEEK_SET)));
	do {
		got = result(read(file->fd, to, 1 + rng_below(rng, sizeof(to))));
		if (got < 0 || got > file->len - at || memcmp(to, file->text + at, got) ||
		    (!got && at != file->len)) {
			failed("read of %s at %ld gives something else", file->path, at);
			break;
		}
		at += got;
	} while (got && rng_below(rng, 30));
	expect(file, "lseek", -EINVAL, result(lseek(file->fd, -1, SEEK_SET)));
	expect(file, "lseek", -EINVAL, result(lseek(file->fd, 0, 77)));
}

/* Only what takes commands has a write; that reads all of the memory, or fails. */
static void check_bad_memory(struct rng *rng, const struct file *file)
{
	size_t before = rng_below(rng, 20);
	size_t after = 1 + rng_below(rng, rng_one_in(rng, 3) ? 400 : 100);
	long wanted = -EINVAL;

	memset(forbidden - before, 'r', before);
	if (file->commands && before + after <= COMMAND_MAX)
		wanted = -EFAULT;
	expect(file, "write of unreadable memory", wanted,
	       result(write(file->fd, forbidden - before, before + after)));
	if (file->len)
		expect(file, "pread to unwritable memory", -EFAULT,
		       result(pread(file->fd, forbidden, 1 + rng_below(rng, 100), 0)));
}

static void check_read_only(struct rng *rng, const struct file *file)
{
	static char text[4096];
	size_t i, len = rng_below(rng, sizeof(text));

	if (file->commands)
		return;
	for (i = 0; i < len; i++)
		text[i] = rng_next(rng);
	expect(file, "write", -EINVAL, result(write(file->fd, text, len)));
}

/* Each part of a writev is a command of its own; the first that is wrong ends it. */
static void check_writev(struct rng *rng, const struct file *file)
{
	struct iovec parts[] = { { "r32 0x", 6 }, { "0", 1 }, { "all x", 5 } };

	if (file->commands)
		expect(file, "writev", -EINVAL,
		       result(writev(file->fd, parts, 1 + rng_below(rng, 3))));
}

static void check_other_calls(struct rng *rng, const struct file *file)
{
	expect(file, "ioctl", -ENOTTY, result(ioctl(file->fd, rng_next(rng), 0)));
	if (mmap(NULL, page_size, PROT_READ, MAP_SHARED, file->fd, 0) != MAP_FAILED)
		failed("mmap of %s works", file->path);
	else
		expect(file, "mmap", -ENODEV, -errno);
}

void phase_files(uint64_t inputs)
{
	static void (*const checks[])(struct rng *rng, const struct file *file) = {
		check_pread, check_pread, check_seek, check_bad_memory, check_read_only,
		check_writev, check_other_calls,
	};
	unsigned int i;

	phase_name = "files";
	page_size = sysconf(_SC_PAGESIZE);
	forbidden = mmap(NULL, 2 * page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	if (forbidden == MAP_FAILED || mprotect(forbidden + page_size, page_size, PROT_NONE))
		die("mmap");
	forbidden += page_size;

	add_file(DEBUGFS "/status", false);
	add_file(DEBUGFS "/windows", false);
	for (i = 0; i < bar_count; i++) {
		add_file(bar_file(&bars[i], "access"), true);
		add_file(bar_file(&bars[i], "run"), true);
		add_file(bar_file(&bars[i], "results"), false);
	}
	for (input_number = 0; input_number < inputs; input_number++) {
		void (*check)(struct rng *rng, const struct file *file);
		struct rng rng;

		rng_start(&rng, seed, phase_name, input_number);
		check = checks[rng_below(&rng, sizeof(checks) / sizeof(*checks))];
		check(&rng, &files[rng_below(&rng, file_count)]);
	}
	for (i = 0; i < file_count; i++)
		close(files[i].fd);
	printf("file_calls: %" PRIu64 "\n", inputs);
}
