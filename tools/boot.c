// SPDX-License-Identifier: GPL-2.0
/*
 * Judges how each installed kernel will boot: whether it has the module, and whether its
 * initramfs has that very module and calls what loads it.
 */
#include <dirent.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "audit/audit.h"
#include "boot.h"
#include "guest.h"
#include "initramfs.h"
#include "util.h"

#define MODULES		"/lib/modules"

/* Debian, Fedora, SUSE; all have it for one kernel only in one of them. */
static const char * const initramfs_names[] = {
	"/boot/initrd.img-%s", "/boot/initramfs-%s.img", "/boot/initrd-%s",
};

/**
 * struct module_file - a module in /lib/modules
 * @path: of the file
 * @image: unpacked; NULL if it cannot be read
 * @size: of that
 * @is_link: it belongs to another kernel, which is as good to this one (weak-modules(8))
 */
struct module_file {
	char *path;
	void *image;
	size_t size;
	bool is_link;
};

bool boot_is_on(void)
{
	return !access(BOOT_FILE, F_OK);
}

static char *initramfs_of(const char *release)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(initramfs_names); i++) {
		const char *name = initramfs_names[i];
		char *path = format("%.*s%s%s", (int)(strchr(name, '%') - name), name, release,
				    strchr(name, '%') + 2);

		if (!access(path, F_OK))
			return path;
		free(path);
	}
	return NULL;
}

/* All files of the module for a kernel: which one modprobe takes is depmod's to say. */
static size_t module_files(const char *release, struct module_file **files)
{
	char *paths[2] = { format(MODULES "/%s", release), NULL };
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	size_t count = 0;
	FTSENT *entry;

	*files = NULL;
	while (tree && (entry = fts_read(tree))) {
		struct module_file file = { 0 };
		char *error = NULL;

		if ((entry->fts_info != FTS_F && entry->fts_info != FTS_SL) ||
		    strncmp(entry->fts_name, MODULE ".", strlen(MODULE ".")) ||
		    !audit_is_module_name(entry->fts_name))
			continue;
		file.path = copy(entry->fts_path);
		file.is_link = entry->fts_info == FTS_SL;
		file.image = audit_read_file(file.path, &file.size, &error);
		free(error);
		*files = resize(*files, count + 1, sizeof(file));
		(*files)[count++] = file;
	}
	if (tree)
		fts_close(tree);
	free(paths[0]);
	return count;
}

static void free_files(struct module_file *files, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		free(files[i].path);
		free(files[i].image);
	}
	free(files);
}

/* The kernel a module was built for, NULL if it does not say. */
static char *built_for(const void *image, size_t size)
{
	static const char key[] = "vermagic=";
	const char *at = image ? memmem(image, size, key, strlen(key)) : NULL;

	if (!at)
		return NULL;
	at += strlen(key);
	return format("%.*s", (int)strcspn(at, " "), at);
}

/* Of the note that ld(1) has made with --build-id, and strip(1) leaves: header and hash. */
static const void *build_id(const void *image, size_t size, size_t *id_size)
{
	static const uint8_t header[] = { 4, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0, 'G', 'N', 'U', 0 };
	const uint8_t *at = memmem(image, size, header, sizeof(header));

	*id_size = sizeof(header) + 20;
	return at && *id_size <= size - (at - (const uint8_t *)image) ? at : NULL;
}

/* Are they of one build? One of them may be stripped, or signed. */
static bool is_same(const struct module_file *file, const struct initramfs *found)
{
	size_t size, other_size;
	const void *id, *other;

	if (!file->image)
		return false;
	id = build_id(file->image, file->size, &size);
	other = build_id(found->module, found->module_size, &other_size);
	if (id && other)
		return !memcmp(id, other, size);
	return file->size == found->module_size &&
	       !memcmp(file->image, found->module, file->size);
}

static void judge(struct boot_kernel *kernel, enum boot_state state, char *found, char *next)
{
	kernel->state = state;
	kernel->found = found;
	kernel->next = next;
}

/* While it is on: the files in /lib/modules. */
static bool judge_files(struct boot_kernel *kernel, const struct module_file *files, size_t count)
{
	size_t i;

	if (!count) {
		judge(kernel, BOOT_TO_DO,
		      copy("there is no module " MODULE " for this kernel: it boots without"),
		      format("install its headers, for DKMS (dkms install svm-mmio/VERSION -k %s), "
			     "or boot another", kernel->release));
		return false;
	}
	for (i = 0; i < count; i++) {
		char *other = built_for(files[i].image, files[i].size);

		if (!files[i].is_link && other && strcmp(other, kernel->release)) {
			judge(kernel, BOOT_TO_DO,
			      format("%s is for another kernel, %s", files[i].path, other),
			      copy("build it for this one, or remove it"));
			free(other);
			return false;
		}
		free(other);
	}
	return true;
}

/* While it is on, and there is a module: the initramfs. */
static void judge_initramfs(struct boot_kernel *kernel, const struct initramfs *found,
			    const struct module_file *files, size_t count)
{
	static const char next[] = "svm-mmio boot on, which makes it anew";
	size_t i;

	if (!found->asked_for || !found->loader) {
		judge(kernel, BOOT_TO_DO,
		      copy("its initramfs is from before, and loads no " MODULE), copy(next));
	} else if (!found->module) {
		judge(kernel, BOOT_TO_DO, copy("its initramfs lacks the module"), copy(next));
	} else if (!found->first) {
		judge(kernel, BOOT_TO_DO, copy("its initramfs loads drivers before " MODULE),
		      copy("report it, with what made the initramfs, and its version"));
	} else {
		for (i = 0; i < count; i++)
			if (is_same(&files[i], found))
				break;
		if (i == count)
			judge(kernel, BOOT_TO_DO,
			      copy("its initramfs has another build of the module"), copy(next));
		else
			judge(kernel, BOOT_OK, copy("its initramfs loads it before any driver"),
			      NULL);
	}
}

static void look_at(struct boot_kernel *kernel, bool on)
{
	struct initramfs found = { 0 };
	struct module_file *files;
	size_t count;
	char *why;

	count = module_files(kernel->release, &files);
	why = kernel->initramfs ? initramfs_read(kernel->initramfs, kernel->release, &found) : NULL;
	if (why)
		judge(kernel, BOOT_UNKNOWN, format("%s: %s", kernel->initramfs, why),
		      copy("look into it with lsinitramfs or lsinitrd"));
	else if (!on && found.asked_for)
		judge(kernel, BOOT_TO_DO, copy("its initramfs still loads " MODULE),
		      copy("svm-mmio boot off, which makes it anew"));
	else if (!on)
		judge(kernel, BOOT_OK, copy("nothing loads it at boot"), NULL);
	else if (judge_files(kernel, files, count) && !kernel->initramfs)
		judge(kernel, BOOT_NOTE,
		      copy("it has no initramfs: systemd loads it, before it starts udev"),
		      copy("nothing, unless drivers are loaded before systemd runs"));
	else if (!kernel->found)
		judge_initramfs(kernel, &found, files, count);
	free(why);
	initramfs_free(&found);
	free_files(files, count);
}

static int compare(const void *a, const void *b)
{
	return strverscmp(((const struct boot_kernel *)a)->release,
			  ((const struct boot_kernel *)b)->release);
}

/* A directory that DKMS has left of a kernel that is gone is none. */
static bool is_kernel(const char *release)
{
	char *path = format(MODULES "/%s/modules.builtin", release);
	bool is = release[0] != '.' && !access(path, F_OK);

	free(path);
	return is;
}

size_t boot_kernels(struct boot_kernel **all)
{
	DIR *entries = opendir(MODULES);
	struct dirent *entry;
	size_t count = 0, i;
	bool on = boot_is_on();

	*all = NULL;
	while (entries && (entry = readdir(entries))) {
		if (!is_kernel(entry->d_name))
			continue;
		*all = resize(*all, count + 1, sizeof(**all));
		(*all)[count++] = (struct boot_kernel){
			.release = copy(entry->d_name),
			.initramfs = initramfs_of(entry->d_name) };
	}
	if (entries)
		closedir(entries);
	sort(*all, count, sizeof(**all), compare);
	for (i = 0; i < count; i++)
		look_at(&(*all)[i], on);
	return count;
}

enum boot_state boot_worst(const struct boot_kernel *all, size_t count)
{
	enum boot_state worst = BOOT_OK;
	size_t i;

	for (i = 0; i < count; i++)
		if (all[i].state > worst)
			worst = all[i].state;
	return worst;
}

void boot_free(struct boot_kernel *all, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		free(all[i].release);
		free(all[i].initramfs);
		free(all[i].found);
		free(all[i].next);
	}
	free(all);
}
