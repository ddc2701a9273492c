// SPDX-License-Identifier: GPL-2.0
/* The BARs that are claimed: their files from debugfs, all else from PCI's own files. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"

struct bar bars[MAX_BARS];
unsigned int bar_count;

/* All that can be read from the start of @fd. */
ssize_t slurp(int fd, char *to, size_t size)
{
	size_t len = 0;
	ssize_t got;

	do {
		got = pread(fd, to + len, size - len, len);
		if (got < 0)
			return -errno;
		len += got;
	} while (got && len < size);
	return len;
}

size_t read_path(const char *path, char *to, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t len;

	if (fd < 0)
		die("%s", path);
	len = slurp(fd, to, size - 1);
	if (len < 0)
		die("%s", path);
	close(fd);
	to[len] = 0;
	return len;
}

bool write_path(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool done;

	if (fd < 0)
		return false;
	done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return done;
}

const char *bar_file(const struct bar *bar, const char *name)
{
	static char path[200];

	snprintf(path, sizeof(path), "%s/%s", bar->dir, name);
	return path;
}

void bar_open(struct bar *bar)
{
	bar->access = open(bar_file(bar, "access"), O_RDWR);
	bar->run = open(bar_file(bar, "run"), O_RDWR);
	/* Only readable by its mode, which root need not mind. */
	bar->results = open(bar_file(bar, "results"), O_RDWR);
	if (bar->access < 0 || bar->run < 0 || bar->results < 0)
		die("%s", bar->dir);
}

void bar_close(struct bar *bar)
{
	close(bar->access);
	close(bar->run);
	close(bar->results);
}

/* From here on reading "access" and "results" has to give what they give now. */
void bar_remember_results(struct bar *bar)
{
	static char text[65536];
	ssize_t len = slurp(bar->results, text, sizeof(text));

	if (len <= 0)
		die("%s/results", bar->dir);
	free(bar->text);
	bar->text = malloc(len);
	memcpy(bar->text, text, len);
	bar->text_len = len;
}

/* Whether "results" gives what it gave then. */
bool bar_results_kept(const struct bar *bar)
{
	static char text[65536];
	ssize_t len = slurp(bar->results, text, sizeof(text));

	return len == (ssize_t)bar->text_len && !memcmp(text, bar->text, len);
}

static enum kind kind_of(const char *bdf, int index)
{
	char path[80], vendor[16], device[16];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/vendor", bdf);
	read_path(path, vendor, sizeof(vendor));
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/device", bdf);
	read_path(path, device, sizeof(device));
	if (!strncmp(vendor, "0x1b36", 6) && !strncmp(device, "0x0005", 6))
		return index == 1 ? KIND_PORTS : KIND_TESTDEV;
	if (!strncmp(vendor, "0x1234", 6) && !strncmp(device, "0x11e8", 6))
		return KIND_EDU;
	if (!strncmp(vendor, "0x1b36", 6) && !strncmp(device, "0x0010", 6) && index == 2)
		return KIND_BUFFER;
	return KIND_OTHER;
}

static uint64_t size_of(const char *bdf, int index)
{
	unsigned long long start, end, flags;
	char path[80], text[4096], *line = text;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource", bdf);
	read_path(path, text, sizeof(text));
	while (index--)
		line = strchr(line, '\n') + 1;
	if (sscanf(line, "%llx %llx %llx", &start, &end, &flags) != 3)
		die("%s", path);
	return end - start + 1;
}

void bars_find(void)
{
	glob_t found;
	size_t i;

	if (glob(DEBUGFS "/*/bar*", 0, NULL, &found) || found.gl_pathc > MAX_BARS)
		die("no BAR, or too many, in " DEBUGFS);
	for (i = 0; i < found.gl_pathc; i++) {
		struct bar *bar = &bars[bar_count++];
		int index;

		snprintf(bar->dir, sizeof(bar->dir), "%s", found.gl_pathv[i]);
		if (sscanf(bar->dir, DEBUGFS "/%15[^/]/bar%d", bar->bdf, &index) != 2)
			die("%s", bar->dir);
		bar->kind = kind_of(bar->bdf, index);
		bar->size = size_of(bar->bdf, index);
		if (bar->kind == KIND_BUFFER) {
			bar->shadow = calloc(1, bar->size);
			bar->known = calloc(1, bar->size);
		}
		bar_open(bar);
		slurp(bar->access, bar->answer, sizeof(bar->answer) - 1);
		bar_remember_results(bar);
	}
	globfree(&found);
}
