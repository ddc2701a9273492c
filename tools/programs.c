// SPDX-License-Identifier: GPL-2.0
/* Finds programs that have mapped a BAR: what each has mapped is in its /proc/PID/maps. */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "programs.h"
#include "util.h"

/* In sysfs a device may be behind bridges: "0000:00:01.0/resource0" will do. */
static const char *short_name(const char *file)
{
	const char *name = strrchr(file, '/');

	if (strncmp(file, "/sys/", 5))
		return file;
	while (name > file && name[-1] != '/')
		name--;
	return name;
}

/* By sysfs, UIO, VFIO (two ways), and as it was done before sysfs. */
static bool is_device(const char *file)
{
	return (!strncmp(file, "/sys/devices/pci", 16) && strstr(file, "/resource")) ||
	       !strncmp(file, "/dev/uio", 8) || !strncmp(file, "/dev/vfio/", 10) ||
	       !strcmp(file, "anon_inode:[vfio-device]") || !strncmp(file, "/proc/bus/pci/", 14);
}

static char *name_of(const char *pid)
{
	char *path = format("/proc/%s/comm", pid), *comm = guest_read(path), *name;

	if (comm)
		comm[strcspn(comm, "\n")] = '\0';
	name = format("%s (%s)", pid, comm ? comm : "?");
	free(comm);
	free(path);
	return name;
}

/* A line is "from-to rights offset major:minor inode   file". What follows another is the same. */
static size_t look_at(const char *pid, struct program **all, size_t count)
{
	char *path = format("/proc/%s/maps", pid), *text = guest_read(path), *rest = NULL, *line;
	const char *last = "";

	for (line = text ? strtok_r(text, "\n", &rest) : NULL; line;
	     line = strtok_r(NULL, "\n", &rest)) {
		const char *file;
		int at = 0;

		if (sscanf(line, "%*s %*s %*s %*s %*s %n", &at) == EOF || !at)
			continue;
		file = line + at;
		if (!is_device(file) || !strcmp(file, last))
			continue;
		*all = resize(*all, count + 1, sizeof(**all));
		(*all)[count++] = (struct program){
			name_of(pid), copy(short_name(file)) };
		last = file;
	}
	free(text);
	free(path);
	return count;
}

size_t programs_with_devices(struct program **all)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	size_t count = 0;

	*all = NULL;
	while (proc && (entry = readdir(proc)))
		if (isdigit((unsigned char)entry->d_name[0]))
			count = look_at(entry->d_name, all, count);
	if (proc)
		closedir(proc);
	return count;
}
