// SPDX-License-Identifier: GPL-2.0
/*
 * Finds the files of the modules that are loaded, and audits them. A file belongs to a module
 * if it has its name, and the build ID that the kernel has kept of it: there may be several
 * of one name, and a package may have been updated meanwhile.
 */
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "audit/insn.h"
#include "guest.h"
#include "loaded.h"
#include "util.h"

static size_t list_loaded(struct loaded **all)
{
	char *text = guest_read("/proc/modules"), *rest = NULL, *line;
	size_t count = 0;

	*all = NULL;
	for (line = text ? strtok_r(text, "\n", &rest) : NULL; line;
	     line = strtok_r(NULL, "\n", &rest)) {
		line[strcspn(line, " ")] = '\0';
		if (!strcmp(line, MODULE))
			continue;
		*all = resize(*all, count + 1, sizeof(**all));
		(*all)[count++] = (struct loaded){
			.name = copy(line), .unknown = "it has no file below /lib/modules" };
	}
	free(text);
	return count;
}

/* Is a file's name that of a module? Either may have - where the other has _. */
static bool is_named(const char *file, const char *module)
{
	for (; *module; module++, file++)
		if (*file != *module && !(*file == '-' && *module == '_'))
			return false;
	return *file == '.';
}

/* Does a file have the build ID of the loaded module? One without says nothing. */
static bool is_same(const char *path, const char *module)
{
	char *name = format("/sys/module/%s/notes/.note.gnu.build-id", module), *error = NULL;
	size_t size, note_size = 0;
	void *image, *note;
	bool is = true;

	note = guest_read_bytes(name, &note_size);
	free(name);
	if (!note)
		return true;
	image = audit_read_file(path, &size, &error);
	/* What cannot be read is named by the audit. */
	if (image)
		is = memmem(image, size, note, note_size);
	free(image);
	free(error);
	free(note);
	return is;
}

static void judge(struct loaded *module, const char *path)
{
	if (module->audit)
		return;
	if (!is_same(path, module->name)) {
		module->unknown = "its file is not the one that was loaded";
		return;
	}
	module->audit = audit_new(path);
	audit_module(module->audit);
	module->unknown = module->audit->verdict == VERDICT_ERROR ? module->audit->error : NULL;
}

size_t loaded_audit(struct loaded **all)
{
	size_t count = list_loaded(all), done = 0, i;
	char *paths[2] = { NULL };
	struct utsname host;
	FTSENT *entry;
	FTS *tree;

	uname(&host);
	paths[0] = format("/lib/modules/%s", host.release);
	elf_version(EV_CURRENT);
	tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	while (tree && (entry = fts_read(tree))) {
		if (entry->fts_info != FTS_F || !audit_is_module_name(entry->fts_name))
			continue;
		for (i = 0; i < count; i++)
			if (is_named(entry->fts_name, (*all)[i].name)) {
				judge(&(*all)[i], entry->fts_path);
				progress("audit", ++done, count);
			}
	}
	if (tree)
		fts_close(tree);
	progress_end();
	audit_insn_end();
	free(paths[0]);
	return count;
}

void loaded_free(struct loaded *all, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (all[i].audit)
			audit_free(all[i].audit);
		free(all[i].name);
	}
	free(all);
}
