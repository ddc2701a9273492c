// SPDX-License-Identifier: GPL-2.0
/* svm-mmio audit: the files and directories it is given, several at a time. */
#include <errno.h>
#include <fts.h>
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/audit.h"
#include "audit/insn.h"
#include "commands.h"
#include "util.h"

#define THREADS_MAX	64

/* The modules, and the next one that nobody has taken. */
static struct module **modules;
static size_t module_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static size_t next, done;

static void add_file(const char *path)
{
	modules = resize(modules, module_count + 1, sizeof(*modules));
	modules[module_count++] = audit_new(path);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* All modules below a directory, in order of their names. */
static bool add_directory(char *path)
{
	char *paths[] = { path, NULL };
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	size_t before = module_count;
	bool ok = true;
	FTSENT *entry;

	if (!tree) {
		complain("%s: %s", path, strerror(errno));
		return false;
	}
	while ((entry = fts_read(tree))) {
		if (entry->fts_info == FTS_F && audit_is_module_name(entry->fts_name)) {
			add_file(entry->fts_path);
		} else if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR) {
			complain("%s: %s", entry->fts_path, strerror(entry->fts_errno));
			ok = false;
		}
	}
	fts_close(tree);
	if (ok && module_count == before) {
		complain("%s: no module in it: those are in /lib/modules/RELEASE", path);
		return false;
	}
	return ok;
}

static void *work(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&lock);
	while (next < module_count) {
		struct module *m = modules[next++];

		pthread_mutex_unlock(&lock);
		audit_module(m);
		pthread_mutex_lock(&lock);
		done++;
		if (module_count > 1)
			progress("audit", done, module_count);
	}
	pthread_mutex_unlock(&lock);
	audit_insn_end();
	return NULL;
}

static void work_in_parallel(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t threads[THREADS_MAX];
	size_t count = cpus < 1 ? 1 : cpus > THREADS_MAX ? THREADS_MAX : cpus;
	size_t started, i;

	if (count > module_count)
		count = module_count;
	for (started = 0; started + 1 < count; started++)
		if (pthread_create(&threads[started], NULL, work, NULL))
			break;
	work(NULL);
	for (i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	if (module_count > 1)
		progress_end();
}

static struct audit_totals add_up(double seconds)
{
	struct audit_totals t = { .modules = module_count, .seconds = seconds };
	size_t i;

	for (i = 0; i < module_count; i++) {
		t.by_verdict[modules[i]->verdict]++;
		t.accesses += modules[i]->accesses;
		t.windows += modules[i]->windows;
		t.safe_calls += modules[i]->safe_calls;
	}
	return t;
}

int cmd_audit(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "list", no_argument, NULL, 'l' },
		{ "quiet", no_argument, NULL, 'q' },
		{ 0 }
	};
	bool all = false, list = false, quiet = false, unreadable = false;
	struct audit_totals totals;
	uint64_t start = now_ns();
	struct stat st;
	int option;
	size_t i;

	while ((option = getopt_long(argc, argv, "alq", longopts, NULL)) != -1) {
		switch (option) {
		case 'a':
			all = true;
			break;
		case 'l':
			list = true;
			break;
		case 'q':
			quiet = true;
			break;
		default:
			return usage_error("audit takes --all, --list and --quiet");
		}
	}
	if (optind == argc)
		return usage_error("audit what? Name modules (.ko, .ko.xz, .ko.zst, .ko.gz) or "
				   "directories of them");

	elf_version(EV_CURRENT);
	for (; optind < argc; optind++) {
		if (!stat(argv[optind], &st) && S_ISDIR(st.st_mode))
			unreadable |= !add_directory(argv[optind]);
		else
			add_file(argv[optind]);
	}
	work_in_parallel();

	totals = add_up((now_ns() - start) / 1e9);
	if (options.json) {
		audit_report_json(modules, module_count, &totals);
	} else {
		for (i = 0; i < module_count; i++)
			if (!quiet || modules[i]->verdict == VERDICT_ERROR)
				audit_report_module(modules[i], list || module_count == 1,
						    all);
		if (module_count > 1 || quiet)
			audit_report_totals(&totals);
	}
	for (i = 0; i < module_count; i++)
		audit_free(modules[i]);
	free(modules);
	if (totals.by_verdict[VERDICT_UNSAFE])
		return EXIT_BAD;
	return unreadable || totals.by_verdict[VERDICT_ERROR] ? EXIT_CANNOT : EXIT_OK;
}
