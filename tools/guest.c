// SPDX-License-Identifier: GPL-2.0
/* Where the module's files are, what stands in the way to them, and how they are used. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "guest.h"
#include "util.h"

#define LOCKDOWN	"/sys/kernel/security/lockdown"

static const struct {
	const char *vendor;
	const char *device;
	const char *name;
} known_devices[] = {
	{ "0x1b36", "0x0005", "pci-testdev" },
	{ "0x1234", "0x11e8", "edu" },
	{ "0x1b36", "0x0010", "nvme" },
};

static bool exists(const char *path)
{
	struct stat st;

	return !stat(path, &st);
}

char *guest_read_bytes(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0, room = 4096;
	ssize_t got = 1;
	char *text;

	if (fd < 0)
		return NULL;
	text = resize(NULL, room, 1);
	while (got > 0) {
		if (room - len < 2)
			text = resize(text, room *= 2, 1);
		got = read(fd, text + len, room - len - 1);
		if (got > 0)
			len += got;
	}
	if (got < 0) {
		int err = errno;

		close(fd);
		free(text);
		errno = err;
		return NULL;
	}
	close(fd);
	text[len] = '\0';
	*size = len;
	return text;
}

char *guest_read(const char *path)
{
	size_t size;

	return guest_read_bytes(path, &size);
}

/* In one write(): for the module's files that is one command. */
int guest_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

char *guest_value(const char *text, const char *key)
{
	size_t len = strlen(key);
	const char *line = text;

	while (line) {
		if (!strncmp(line, key, len) && !strncmp(line + len, ": ", 2)) {
			line += len + 2;
			return format("%.*s", (int)strcspn(line, "\n"), line);
		}
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	return NULL;
}

static bool trouble(struct problem *problem, enum obstacle obstacle, char *what, char *next)
{
	problem->obstacle = obstacle;
	problem->what = what;
	problem->next = next;
	return false;
}

static bool is_loaded(struct problem *problem)
{
	struct utsname host;

	if (exists("/sys/module/" MODULE))
		return true;
	uname(&host);
	if (strcmp(host.machine, "ppc64le"))
		return trouble(problem, WRONG_MACHINE,
			       format("this machine is %s: the module is for ppc64le",
				      host.machine),
			       copy("audit is what works here: svm-mmio audit FILE.ko"));
	return trouble(problem, NOT_LOADED, copy("the module " MODULE " is not loaded"),
		       format("modprobe " MODULE " (if there is no such module for kernel %s, "
			      "install svm-mmio-dkms or build it)", host.release));
}

/* Where debugfs is mounted, NULL if it is not. */
static char *debugfs_mount(void)
{
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	char *where = NULL;
	struct mntent *entry;

	while (mounts && !where && (entry = getmntent(mounts)))
		if (!strcmp(entry->mnt_type, "debugfs"))
			where = copy(entry->mnt_dir);
	if (mounts)
		endmntent(mounts);
	return where;
}

static bool kernel_has_debugfs(void)
{
	char *text = guest_read("/proc/filesystems");
	bool has = !text || strstr(text, "\tdebugfs\n");

	free(text);
	return has;
}

const char *guest_explain(int err)
{
	char *lockdown;

	switch (err) {
	case EACCES:
		return "only root may: use sudo";
	case EPERM:
		lockdown = guest_read(LOCKDOWN);
		if (lockdown && !strstr(lockdown, "[none]")) {
			free(lockdown);
			return "the kernel is locked down (lockdown=, or secure boot), and then "
			       "keeps debugfs files from being written: boot without that to "
			       "test; status still works";
		}
		free(lockdown);
		return "the kernel does not allow it: is it locked down (cat " LOCKDOWN ")?";
	case EBUSY:
		return "a run is under way: wait for it, or interrupt it";
	case ENODEV:
		return "the device has gone";
	case ERANGE:
		return "the offset is outside the BAR: svm-mmio devices shows its size";
	case EINTR:
		return "it was interrupted";
	default:
		return strerror(err);
	}
}

const char *guest_debugfs(struct problem *problem)
{
	static char *dir;
	char *mount, *status, *text;

	*problem = (struct problem){ 0 };
	if (dir)
		return dir;
	if (!is_loaded(problem))
		return NULL;
	mount = debugfs_mount();
	if (!mount) {
		if (kernel_has_debugfs())
			trouble(problem, NOT_READABLE, copy("debugfs is not mounted"),
				copy("mount -t debugfs debugfs /sys/kernel/debug"));
		else
			trouble(problem, NOT_READABLE,
				copy("this kernel has no debugfs (CONFIG_DEBUG_FS)"),
				copy("use a kernel that has it; the accessors work without"));
		return NULL;
	}
	status = format("%s/" MODULE "/status", mount);
	text = guest_read(status);
	if (text)
		dir = format("%s/" MODULE, mount);
	else if (errno == ENOENT)
		trouble(problem, NOT_READABLE,
			format("%s is not there though the module is loaded", status),
			copy("is debugfs=no-mount or debugfs=off on the kernel's command line? "
			     "Boot without it"));
	else
		trouble(problem, NOT_READABLE, format("%s cannot be read", status),
			copy(guest_explain(errno)));
	free(text);
	free(status);
	free(mount);
	return dir;
}

const char *guest_need_debugfs(void)
{
	struct problem problem;
	const char *dir = guest_debugfs(&problem);

	if (!dir)
		complain("%s.\nNext: %s", problem.what, problem.next);
	free(problem.what);
	free(problem.next);
	return dir;
}

/* A line of a file in sysfs, without its end. */
static char *read_line(const char *bdf, const char *file)
{
	char *path = format(PCI_DEVICES "/%s/%s", bdf, file);
	char *text = guest_read(path);

	free(path);
	if (text)
		text[strcspn(text, "\n")] = '\0';
	return text;
}

static char *kind_of(const char *bdf)
{
	char *vendor = read_line(bdf, "vendor"), *device = read_line(bdf, "device");
	char *kind = NULL;
	size_t i;

	for (i = 0; vendor && device && i < ARRAY_SIZE(known_devices); i++)
		if (!strcmp(known_devices[i].vendor, vendor) &&
		    !strcmp(known_devices[i].device, device))
			kind = copy(known_devices[i].name);
	if (!kind)
		kind = vendor && device ? format("%s:%s", vendor + 2, device + 2) : copy("?");
	free(vendor);
	free(device);
	return kind;
}

/* "resource" has a line for each BAR: first, last, flags (IORESOURCE_IO is 0x100). */
static void measure(struct bar *bar)
{
	char *path = format(PCI_DEVICES "/%s/resource", bar->device);
	char *text = guest_read(path), *line = text;
	unsigned long long first, last, flags;
	int i;

	for (i = 0; line && i < bar->index; i++) {
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	if (line && sscanf(line, "%llx %llx %llx", &first, &last, &flags) == 3 && last > first) {
		bar->size = last - first + 1;
		bar->ports = flags & 0x100;
	}
	free(text);
	free(path);
}

static int compare_bars(const void *a, const void *b)
{
	return strcmp(((const struct bar *)a)->name, ((const struct bar *)b)->name);
}

/* The bar<n> in the directory of a device. */
static size_t add_bars(const char *debugfs, const char *device, struct bar **bars, size_t count)
{
	char *dir = format("%s/%s", debugfs, device);
	DIR *entries = opendir(dir);
	struct dirent *entry;

	while (entries && (entry = readdir(entries))) {
		struct bar bar = { 0 };

		if (sscanf(entry->d_name, "bar%d", &bar.index) != 1)
			continue;
		bar.device = copy(device);
		bar.name = format("%s/%s", device, entry->d_name);
		bar.dir = format("%s/%s", debugfs, bar.name);
		bar.kind = kind_of(device);
		measure(&bar);
		*bars = resize(*bars, count + 1, sizeof(bar));
		(*bars)[count++] = bar;
	}
	if (entries)
		closedir(entries);
	free(dir);
	return count;
}

size_t guest_bars(const char *debugfs, const char *device, struct bar **bars)
{
	DIR *entries = opendir(debugfs);
	struct dirent *entry;
	size_t count = 0;

	*bars = NULL;
	while (entries && (entry = readdir(entries)))
		if (strchr(entry->d_name, ':') && (!device || !strcmp(device, entry->d_name)))
			count = add_bars(debugfs, entry->d_name, bars, count);
	if (entries)
		closedir(entries);
	sort(*bars, count, sizeof(**bars), compare_bars);
	return count;
}

char *guest_bdf(const char *text)
{
	unsigned int domain = 0, bus, device, function;
	int end;

	if (!isxdigit((unsigned char)text[0]))
		return NULL;
	if (sscanf(text, "%8x:%2x:%2x.%1x%n", &domain, &bus, &device, &function, &end) != 4) {
		domain = 0;
		if (sscanf(text, "%2x:%2x.%1x%n", &bus, &device, &function, &end) != 3)
			return NULL;
	}
	if (text[end])
		return NULL;
	return format("%04x:%02x:%02x.%x", domain, bus, device, function);
}

char *guest_driver(const char *bdf)
{
	char *path = format(PCI_DEVICES "/%s/driver", bdf);
	char target[512];
	ssize_t len = readlink(path, target, sizeof(target) - 1);

	free(path);
	if (len < 0)
		return NULL;
	target[len] = '\0';
	return copy(strrchr(target, '/') ? strrchr(target, '/') + 1 : target);
}

int guest_log_begin(void)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (log >= 0)
		lseek(log, 0, SEEK_END);
	return log;
}

/* A record is "priority,number,time,flags;text"; the module's text begins with its name. */
char *guest_log_end(int log)
{
	char *said = NULL, record[1024];
	ssize_t len;

	if (log < 0)
		return NULL;
	while ((len = read(log, record, sizeof(record) - 1)) > 0) {
		char *text;

		record[len] = '\0';
		record[strcspn(record, "\n")] = '\0';
		text = strchr(record, ';');
		if (text && !strncmp(text + 1, MODULE ": ", strlen(MODULE ": "))) {
			free(said);
			said = copy(text + 1 + strlen(MODULE ": "));
		}
	}
	close(log);
	return said;
}
