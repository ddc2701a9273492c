// SPDX-License-Identifier: GPL-2.0-or-later
/* The shared control file: opening it, and reading the judged ranges. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control.h"
#include "message.h"

static const char remake[] = "make it with Oracle() of tests/lab/oracle.py, from the same tree";

static size_t size_for(unsigned int vcpus)
{
	return sizeof(struct control) + vcpus * sizeof(struct control_vcpu);
}

static bool usable(const char *path, const struct control *c, size_t size, unsigned int vcpus)
{
	if (c->magic != CONTROL_MAGIC) {
		complain("%s is not an oracle control file: %s", path, remake);
		return false;
	}
	if (c->version != CONTROL_VERSION) {
		complain("%s has layout version %u, this plugin wants %u: %s",
			 path, c->version, CONTROL_VERSION, remake);
		return false;
	}
	if (size != size_for(c->vcpus)) {
		complain("%s has %zu bytes, which is not the size for its %u vCPUs: %s",
			 path, size, c->vcpus, remake);
		return false;
	}
	if (vcpus > c->vcpus) {
		complain("%s has room for %u vCPUs and this guest may have %u: "
			 "give Oracle() a larger vcpus=, or QEMU a smaller -smp maxcpus=",
			 path, c->vcpus, vcpus);
		return false;
	}
	if (c->attached) {
		complain("%s is already used by process %llu: one control file per QEMU",
			 path, (unsigned long long)c->attached);
		return false;
	}
	return true;
}

struct control *control_open(const char *path, unsigned int vcpus)
{
	struct control *control = NULL;
	struct stat st;
	int fd;

	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		complain("cannot open the control file %s: %s: %s", path, strerror(errno), remake);
		return NULL;
	}
	if (fstat(fd, &st)) {
		complain("cannot stat the control file %s: %s", path, strerror(errno));
		goto out;
	}
	/* Touching a mapping beyond the end of its file kills the process. */
	if ((size_t)st.st_size < sizeof(*control)) {
		complain("%s has %zu bytes, too few for an oracle control file: %s",
			 path, (size_t)st.st_size, remake);
		goto out;
	}
	control = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (control == MAP_FAILED) {
		complain("cannot map the control file %s: %s", path, strerror(errno));
		control = NULL;
		goto out;
	}
	if (!usable(path, control, st.st_size, vcpus)) {
		munmap(control, st.st_size);
		control = NULL;
		goto out;
	}
	__atomic_store_n(&control->attached, (uint64_t)getpid(), __ATOMIC_RELEASE);
out:
	close(fd);
	return control;
}

static const struct view empty_view;
static const struct view *current_view = &empty_view;
static GMutex view_lock;

/* Copy the table of a generation; false if the host replaced it meanwhile. */
static bool copy_table(struct control *control, struct view *view)
{
	const struct control_table *table;
	uint64_t count;

	view->generation = __atomic_load_n(&control->generation, __ATOMIC_ACQUIRE);
	table = &control->tables[view->generation & 1];
	count = table->count;
	if (count <= CONTROL_RANGES)
		memcpy(view->range, table->range, count * sizeof(view->range[0]));
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (__atomic_load_n(&control->generation, __ATOMIC_RELAXED) != view->generation)
		return false;
	/* Judging the wrong text unnoticed would be worse than stopping. */
	if (count > CONTROL_RANGES)
		give_up("the control file names %llu ranges, there is room for %u",
			(unsigned long long)count, CONTROL_RANGES);
	for (uint64_t i = 0; i < count; i++)
		if (view->range[i].slot >= CONTROL_SLOTS)
			give_up("the control file names slot %llu, there are %u",
				(unsigned long long)view->range[i].slot, CONTROL_SLOTS);
	view->count = count;
	return true;
}

const struct view *control_view(struct control *control)
{
	uint64_t generation = __atomic_load_n(&control->generation, __ATOMIC_ACQUIRE);
	const struct view *view = __atomic_load_n(&current_view, __ATOMIC_ACQUIRE);
	struct view *fresh;

	if (view->generation == generation)
		return view;

	g_mutex_lock(&view_lock);
	view = current_view;
	if (view->generation != __atomic_load_n(&control->generation, __ATOMIC_ACQUIRE)) {
		/* Another vCPU may still use the old one, so it stays. It is small. */
		fresh = g_new0(struct view, 1);
		while (!copy_table(control, fresh))
			;
		__atomic_store_n(&current_view, fresh, __ATOMIC_RELEASE);
		view = fresh;
	}
	g_mutex_unlock(&view_lock);
	return view;
}
