// SPDX-License-Identifier: GPL-2.0
/*
 * Loads with parameters of every sort: the right errno, nothing of a refused one stays, and the
 * module says nothing worse than a notice.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fuzz.h"

#define NOTICE		5
#define SYS_MODULE	"/sys/module/svm_mmio"
#define PARAMETER	SYS_MODULE "/parameters/backend"

/* What the kernel itself says, worse than a notice: of parameters, and of a host that is busy. */
static bool is_the_kernels(const char *text)
{
	static const char * const begins[] = {
		"svm_mmio: unknown parameter '", "svm_mmio: `", "svm_mmio: parameters '",
		"backend: string parameter too long", "hrtimer: interrupt took ",
	};
	unsigned int i;

	for (i = 0; i < sizeof(begins) / sizeof(*begins); i++)
		if (!strncmp(text, begins[i], strlen(begins[i])))
			return true;
	return false;
}

/* One record each read; a newline in what was said is escaped. */
static void check_log(int log, const struct input *in)
{
	char record[8192];
	ssize_t len;

	while ((len = read(log, record, sizeof(record) - 1)) > 0 || errno == EPIPE) {
		const char *text;

		if (len < 0)
			die("the kernel's log was overwritten before it was read");
		record[len] = 0;
		text = strchr(record, ';');
		if ((atoi(record) & 7) < NOTICE && text && !is_the_kernels(text + 1))
			failed("loading with '%s' makes the kernel say at level %d: %s",
			       printable(in->text, in->len), atoi(record) & 7, text + 1);
	}
}

static void check_loaded(const struct input *in, const char *backend)
{
	char got[2000], wanted[2000];
	int fd;

	read_path(PARAMETER, got, sizeof(got));
	snprintf(wanted, sizeof(wanted), "%s\n", backend);
	if (strcmp(got, wanted))
		failed("loaded with '%s', the parameter reads \"%s\"",
		       printable(in->text, in->len), got);
	fd = open(PARAMETER, O_WRONLY);
	if (fd >= 0 || errno != EACCES)
		failed("the parameter can be opened to be written");
	if (syscall(SYS_delete_module, "svm_mmio", O_NONBLOCK))
		die("rmmod svm_mmio");
}

static void check_nothing_left(const struct input *in)
{
	if (!access(SYS_MODULE, F_OK) || !access(DEBUGFS, F_OK))
		failed("'%s' was refused or unloaded, and something of it is left",
		       printable(in->text, in->len));
}

void phase_parameters(const char *module, uint64_t inputs)
{
	static char text[INPUT_MAX + 1];
	struct input in = { text, 0 };
	uint64_t refused = 0;
	int fd = open(module, O_RDONLY);
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);

	if (fd < 0)
		die("%s", module);
	if (log < 0 || lseek(log, 0, SEEK_END) < 0)
		die("/dev/kmsg");
	phase_name = "parameters";
	for (input_number = 0; input_number < inputs; input_number++) {
		char backend[1100] = "";
		struct rng rng;
		long done;
		int err;

		rng_start(&rng, seed, phase_name, input_number);
		draw_parameters(&rng, &in);
		err = model_parameters(in.text, backend, sizeof(backend));
		done = syscall(SYS_finit_module, fd, in.text, 0);
		done = done ? -errno : 0;
		if (done != -err)
			failed("loading with '%s': expected %s, got %s",
			       printable(in.text, in.len), error_name(-err), error_name(done));
		if (!done)
			check_loaded(&in, backend);
		else
			refused++;
		check_nothing_left(&in);
		check_log(log, &in);
	}
	printf("parameter_inputs: %" PRIu64 "\nparameters_refused: %" PRIu64 "\n", inputs,
	       refused);
}
