// SPDX-License-Identifier: GPL-2.0
/* svm-mmio access: one access, to a BAR that the self-test holds. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "guest.h"
#include "json.h"
#include "util.h"

/* "0" or "bar0", as devices and debugfs write it; negative if it is neither. */
static long bar_index(const char *text)
{
	const char *digits = strncmp(text, "bar", 3) ? text : text + 3;

	if (!*digits || digits[strspn(digits, "0123456789")])
		return -1;
	return strtol(digits, NULL, 10);
}

static const struct bar *find_bar(const char *debugfs, const char *bdf, long index)
{
	struct bar *bars;
	size_t count = guest_bars(debugfs, bdf, &bars), i;

	if (!count) {
		complain("%s is not held by the self-test. Next: svm-mmio devices, or svm-mmio "
			 "claim %s",
			 bdf, bdf);
		return NULL;
	}
	for (i = 0; i < count; i++)
		if (bars[i].index == index)
			return &bars[i];
	complain("%s has no BAR %ld that the self-test holds. Next: svm-mmio devices", bdf, index);
	return NULL;
}

/* What the module refuses, it explains in the kernel log; the errno is a summary. */
static int refused(int err, char *said)
{
	complain("refused: %s", said ? said : guest_explain(-err));
	free(said);
	return err == -EINVAL || err == -ERANGE ? EXIT_USAGE : EXIT_CANNOT;
}

int cmd_access(int argc, char **argv)
{
	bool store = argc > 3 && argv[3][0] == 'w';
	char *bdf, *path, *command, *answer;
	const struct bar *bar;
	const char *debugfs;
	int err, log;
	long index;

	if (argc != (store ? 6 : 5))
		return usage_error("access takes BDF BAR OP OFFSET, and a VALUE to "
				   "write:\nsvm-mmio access 0000:00:01.0 0 r32 0x4; svm-mmio "
				   "access 0000:00:01.0 0 w16be 0x10 0xabcd");
	bdf = guest_bdf(argv[1]);
	if (!bdf)
		return usage_error("'%s' is no PCI device: svm-mmio devices lists them", argv[1]);
	index = bar_index(argv[2]);
	if (index < 0)
		return usage_error("'%s' is no BAR: write 0, or bar0", argv[2]);
	debugfs = guest_need_debugfs();
	if (!debugfs)
		return EXIT_CANNOT;
	bar = find_bar(debugfs, bdf, index);
	if (!bar)
		return EXIT_CANNOT;

	path = format("%s/access", bar->dir);
	command = format("%s %s %s\n", argv[3], argv[4], store ? argv[5] : "");
	log = guest_log_begin();
	err = guest_write(path, command);
	answer = guest_log_end(log);
	free(command);
	if (err)
		return refused(err, answer);
	free(answer);
	answer = guest_read(path);
	if (!answer) {
		complain("%s: %s", bar->name, guest_explain(errno));
		return EXIT_CANNOT;
	}
	answer[strcspn(answer, "\n")] = '\0';
	if (options.json) {
		json_object(NULL);
		json_string("bar", bar->name);
		json_string("op", argv[3]);
		json_string("offset", argv[4]);
		json_string("value", store ? argv[5] : answer);
		json_end();
	} else if (!store) {
		puts(answer);
	}
	free(answer);
	free(path);
	free(bdf);
	return EXIT_OK;
}
