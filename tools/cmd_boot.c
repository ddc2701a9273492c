// SPDX-License-Identifier: GPL-2.0
/*
 * svm-mmio boot: whether svm_mmio is loaded from boot on, in an SVM, before any driver.
 *
 * What does it is in tools/boot, and looks for one file, which is all that on and off make
 * and remove. An initramfs has a copy of it, so that has to be made anew.
 *
 * The file is one for modprobe as systemd's process 1 loads virtio_pci by itself, in a guest
 * with such devices, before any unit (kmod_setup() in src/core/kmod-setup.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot.h"
#include "commands.h"
#include "guest.h"
#include "json.h"
#include "util.h"

#define BOOT_DIR	"/etc/modprobe.d"

static const char text[] =
	"# While this file is there svm_mmio is loaded at boot, in an SVM, before any driver.\n"
	"# \"svm-mmio boot on\" has made it; \"svm-mmio boot off\" removes it.\n"
	"\n"
	"# Process 1 of systemd loads virtio_pci before it starts anything, udev for one. A softdep\n"
	"# would load svm_mmio in a normal guest too, and where it is blacklisted.\n"
	"install virtio_pci [ -e /run/udev ] || [ ! -x " BOOT_LOADER " ] || " BOOT_LOADER " early; "
	"exec /sbin/modprobe --ignore-install virtio_pci $CMDLINE_OPTS\n";

static const char * const state_names[BOOT_STATES] = { "ok", "note", "unknown", "to do" };

/* What makes an initramfs here; NULL if nothing does. */
static const char *generator(void)
{
	static const char * const programs[] = {
		"/usr/sbin/update-initramfs", "/usr/bin/dracut", "/usr/sbin/dracut",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(programs); i++)
		if (!access(programs[i], X_OK))
			return programs[i];
	return NULL;
}

/* What it prints goes where it does not disturb JSON. */
static bool run(char * const argv[])
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execv(argv[0], argv);
		_exit(127);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       !WEXITSTATUS(status);
}

static bool remake(const char *program, const struct boot_kernel *kernel)
{
	char *debian[] = { (char *)program, (char *)"-u", (char *)"-k", kernel->release, NULL };
	char *dracut[] = { (char *)program, (char *)"--quiet", (char *)"--force",
			   kernel->initramfs, kernel->release, NULL };
	bool is_dracut = strstr(program, "dracut"), done;

	/* update-initramfs says it by itself; dracut, unless it is quiet, a hundred lines more. */
	if (is_dracut)
		fprintf(stderr, "dracut: making %s\n", kernel->initramfs);
	done = run(is_dracut ? dracut : debian);
	if (!done)
		complain("%s failed for kernel %s: see what it says above.\n"
			 "Next: mend that, and type the same again", program, kernel->release);
	return done;
}

/* That of each kernel that has one. */
static bool remake_all(void)
{
	const char *program = generator();
	struct boot_kernel *all;
	size_t count = boot_kernels(&all), i;
	bool done = true;

	for (i = 0; i < count; i++) {
		if (!all[i].initramfs)
			continue;
		if (program) {
			done &= remake(program, &all[i]);
			continue;
		}
		complain("there is neither update-initramfs nor dracut to make %s anew.\n"
			 "Next: make it anew with what has made it", all[i].initramfs);
		done = false;
	}
	boot_free(all, count);
	return done;
}

static bool switch_on(void)
{
	int fd;

	if (access(BOOT_LOADER, X_OK)) {
		complain("%s is not there, which is to load the module.\n"
			 "Next: install the package svm-mmio, or make -C tools install-boot",
			 BOOT_LOADER);
		return false;
	}
	if (mkdir(BOOT_DIR, 0755) && errno != EEXIST) {
		complain("%s cannot be made: %s", BOOT_DIR, guest_explain(errno));
		return false;
	}
	fd = open(BOOT_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, strlen(text)) < 0 || fsync(fd)) {
		complain("%s cannot be written: %s", BOOT_FILE, guest_explain(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	close(fd);
	return true;
}

static bool switch_off(void)
{
	if (unlink(BOOT_FILE) && errno != ENOENT) {
		complain("%s cannot be removed: %s", BOOT_FILE, guest_explain(errno));
		return false;
	}
	return true;
}

static const char *colour_of(enum boot_state state)
{
	switch (state) {
	case BOOT_OK:
		return green();
	case BOOT_TO_DO:
		return red();
	default:
		return yellow();
	}
}

static void print_words(const struct boot_kernel *all, size_t count, bool on)
{
	size_t width = 0, i;

	if (on)
		printf("%son%s: in an SVM svm_mmio is loaded at boot, before any driver.\n", bold(),
		       plain());
	else
		printf("%soff%s: svm_mmio is loaded when somebody does so.\n", bold(), plain());
	for (i = 0; i < count; i++)
		if (strlen(all[i].release) > width)
			width = strlen(all[i].release);
	for (i = 0; i < count; i++) {
		printf("%s%-8s%s %-*s  %s\n", colour_of(all[i].state), state_names[all[i].state],
		       plain(), (int)width, all[i].release, all[i].found);
		if (all[i].next)
			printf("%*s  %s->%s %s\n", (int)width + 9, "", bold(), plain(),
			       all[i].next);
	}
	if (!count)
		puts("There is no kernel in /lib/modules.");
}

static void print_json(const struct boot_kernel *all, size_t count, bool on)
{
	size_t i;

	json_object(NULL);
	json_string("boot", on ? "on" : "off");
	json_string("result", state_names[boot_worst(all, count)]);
	json_list("kernels");
	for (i = 0; i < count; i++) {
		json_object(NULL);
		json_string("kernel", all[i].release);
		json_string("initramfs", all[i].initramfs);
		json_string("state", state_names[all[i].state]);
		json_string("found", all[i].found);
		json_string("next", all[i].next);
		json_end();
	}
	json_end();
	json_end();
}

static int print_status(void)
{
	bool on = boot_is_on();
	struct boot_kernel *all;
	size_t count = boot_kernels(&all);
	enum boot_state worst = boot_worst(all, count);

	if (options.json)
		print_json(all, count, on);
	else
		print_words(all, count, on);
	boot_free(all, count);
	if (worst == BOOT_TO_DO)
		return EXIT_BAD;
	return worst == BOOT_UNKNOWN ? EXIT_CANNOT : EXIT_OK;
}

int cmd_boot(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";
	bool done;
	int code;

	if (!strcmp(what, "status"))
		return print_status();
	if (!strcmp(what, "on"))
		done = switch_on();
	else if (!strcmp(what, "off"))
		done = switch_off();
	else
		return usage_error("boot takes one of on, off, status");
	if (!done)
		return EXIT_CANNOT;
	done = remake_all();
	code = print_status();
	return done ? code : EXIT_CANNOT;
}
