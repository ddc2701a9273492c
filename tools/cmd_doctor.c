// SPDX-License-Identifier: GPL-2.0
/*
 * svm-mmio doctor: is all well here, and if not, what to do.
 *
 * It only looks: what is loaded and what the module says. To try a backend is left to
 * "svm-mmio probe", as that accesses a device, and ends a machine whose ultravisor is a
 * debug build.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot.h"
#include "commands.h"
#include "guest.h"
#include "json.h"
#include "loaded.h"
#include "programs.h"
#include "status.h"
#include "util.h"

#define SYSFS_SVM	"/sys/devices/system/cpu/svm"	/* with CONFIG_PPC_SVM only */

/* Where the text of a check begins, and where it ends. */
#define INDENT		19
#define WIDTH		79

enum state {
	WELL,
	NOTE,
	UNKNOWN,
	TO_DO,
	STATES
};

static const char * const state_names[STATES] = { "ok", "note", "unknown", "to do" };

/**
 * struct check - what was looked at
 * @name: one word for it
 * @state: what was found, in one word
 * @found: in a sentence
 * @next: what to do; NULL if nothing
 * @items: what it is about, one by one
 * @item_count: how many
 */
struct check {
	const char *name;
	enum state state;
	char *found;
	char *next;
	struct item {
		char *name;
		char *what;
	} *items;
	size_t item_count;
};

static struct check checks[16];
static size_t check_count;

enum secure {
	NO,
	YES,
	NOBODY_SAYS
};

/* It takes the texts; the check is returned for items to be added. */
static struct check *add(const char *name, enum state state, char *found, char *next)
{
	struct check *check = &checks[check_count++];

	*check = (struct check){ name, state, found, next, NULL, 0 };
	return check;
}

static void add_item(struct check *check, char *name, char *what)
{
	check->items = resize(check->items, check->item_count + 1, sizeof(*check->items));
	check->items[check->item_count++] = (struct item){ name, what };
}

/* The value of a key of status, "?" from a module that does not know it. */
static char *value_of(const char *status, const char *key)
{
	char *value = guest_value(status, key);

	return value ? value : copy("?");
}

static enum secure check_guest(const char *status)
{
	static const char an_svm[] = "an SVM, a Secure Virtual Machine";
	static const char no_svm[] = "a normal guest, no SVM";
	char *text;
	bool yes;

	if (status) {
		yes = status_is(status, "secure", "yes");
		text = value_of(status, "secure_by");
		add("guest", WELL, format("%s (%s)", yes ? an_svm : no_svm, text), NULL);
		free(text);
		return yes ? YES : NO;
	}
	text = guest_read(SYSFS_SVM);
	if (!text && !access(BOOT_NORMAL, F_OK)) {
		add("guest", WELL, format("%s (so said the module at boot)", no_svm), NULL);
		return NO;
	}
	if (!text) {
		add("guest", UNKNOWN, copy("whether it is an SVM this kernel does not say"),
		    copy("the module says it: see below"));
		return NOBODY_SAYS;
	}
	yes = text[0] == '1';
	free(text);
	add("guest", WELL, format("%s (so says the kernel)", yes ? an_svm : no_svm), NULL);
	return yes ? YES : NO;
}

/* Without the module: what stands in the way to it. */
static void check_problem(const struct problem *problem, enum secure secure)
{
	if (problem->obstacle != NOT_LOADED)
		add("module", UNKNOWN, copy(problem->what), copy(problem->next));
	else if (secure == NO)
		add("module", WELL, copy("not loaded, and not needed in a normal guest"), NULL);
	else
		add("module", TO_DO, copy("svm_mmio is not loaded"),
		    copy("modprobe svm_mmio (to install it: docs/admin.md)"));
}

static void check_module(const char *status)
{
	char *version = value_of(status, "version");

	add("module", WELL, format("svm_mmio %s is loaded", version), NULL);
	free(version);
}

static void check_backend(const char *status)
{
	char *backend = value_of(status, "backend"), *reason = value_of(status, "reason");
	char *where = value_of(status, "probe_register");
	char *sprg0 = value_of(status, "probe_sprg0"), *hcall = value_of(status, "probe_hcall");
	struct advice advice = status_advise(status);
	struct check *check;

	check = add("backend", advice.bad ? TO_DO : advice.found ? NOTE : WELL,
		    format("%s: %s", backend, advice.found ? advice.found : reason),
		    advice.found ? copy(advice.next) : NULL);
	if (!strcmp(where, "none found")) {
		add_item(check, copy("sprg0"),
			 format("%s: no register is harmless to read", sprg0));
		add_item(check, copy("hcall"), copy(hcall));
	} else if (strcmp(where, "-")) {
		add_item(check, copy("sprg0"), format("%s, on %s", sprg0, where));
		add_item(check, copy("hcall"), copy(hcall));
	}
	free(backend);
	free(reason);
	free(where);
	free(sprg0);
	free(hcall);
}

/* Where kprobes are switched off the hook of new mappings is, too. */
static bool kprobes_are_off(const char *debugfs)
{
	char *path = format("%s/../kprobes/enabled", debugfs), *text = guest_read(path);
	bool off = text && text[0] == '0';

	free(text);
	free(path);
	return off;
}

static char *next_for_guard(const char *status)
{
	if (status_is(status, "guard_requested", "off"))
		return copy("load it without guard=off (is that in /etc/modprobe.d?)");
	if (status_is(status, "backend", "direct"))
		return copy("it comes on with another backend: see above");
	return copy("docs/guard.md, \"Where it cannot be\", has what helps");
}

static void check_guard(const char *status, const char *debugfs, enum secure secure)
{
	char *reason = value_of(status, "guard_reason");
	struct check *check;

	if (status_is(status, "guard", "the kernel itself")) {
		add("guard", WELL, copy(reason), NULL);
	} else if (!status_is(status, "guard", "on")) {
		add("guard", secure == YES ? TO_DO : WELL, format("off: %s", reason),
		    secure == YES ? next_for_guard(status) : NULL);
	} else if (kprobes_are_off(debugfs)) {
		add("guard", TO_DO, copy("on, but kprobes are off: new mappings are not guarded"),
		    copy("echo 1 >/sys/kernel/debug/kprobes/enabled; load it again"));
	} else {
		check = add("guard", WELL,
			    format("on since %llu s after the boot, over %llu windows of PCI",
				   status_number(status, "guard_since"),
				   status_number(status, "guard_windows")), NULL);
		add_item(check, copy("mappings"),
			 format("%llu there before (%llu of ports), %llu made since",
				status_number(status, "guard_mappings_found"),
				status_number(status, "guard_ports_found"),
				status_number(status, "guard_mappings_made")));
	}
	free(reason);
}

/* Of "0000:00:01.0(e1000) 0000:00:02.0(nvme)", or "-". */
static void check_before(const char *status)
{
	char *bound = value_of(status, "guard_bound_before"), *rest = NULL, *word;
	struct check *check;

	if (strchr(bound, '(')) {
		check = add("before", NOTE,
			    copy("bound before the guard was on: not covered until then"),
			    copy(boot_is_on() ?
				 "svm-mmio boot status: whether it comes first at the next boot" :
				 "svm-mmio boot on: from the next boot on it comes first"));
		for (word = strtok_r(bound, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
			size_t len = strcspn(word, "(");
			char *driver = word + len + (word[len] == '(');

			driver[strcspn(driver, ")")] = '\0';
			add_item(check, format("%.*s", (int)len, word), copy(driver));
		}
	}
	free(bound);
}

static void check_accesses(const char *status)
{
	static const struct {
		const char *key;
		const char *what;
	} left[] = {
		{ "guard_left_instruction", "by instructions that it cannot emulate" },
		{ "guard_left_refused", "that the mapping, or the hypervisor, does not allow" },
		{ "guard_left_unmapped", "where nothing is mapped: after iounmap()?" },
		{ "guard_left_foreign", "of devices that are not behind a PCI host bridge" },
	};
	struct check *check = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(left); i++) {
		if (!status_number(status, left[i].key))
			continue;
		if (!check)
			check = add("accesses", TO_DO,
				    copy("the guard has left some to the kernel"),
				    copy("dmesg names the drivers: docs/admin.md, \"Messages\""));
		add_item(check, format("%llu", status_number(status, left[i].key)),
			 copy(left[i].what));
	}
	if (!check)
		add("accesses", WELL,
		    format("%llu loads and %llu stores made, none left to the kernel",
			   status_number(status, "guard_loads"),
			   status_number(status, "guard_stores")), NULL);
}

/* Only where nothing guards them: which of the modules that are loaded cannot do without. */
static void check_drivers(bool is_loaded)
{
	struct check *unsafe = NULL, *maps = NULL, *unknown = NULL;
	struct loaded *all;
	size_t count = loaded_audit(&all), i;

	for (i = 0; i < count; i++) {
		const struct module *m = all[i].audit;
		char *name = copy(all[i].name);

		if (!all[i].unknown && m->verdict == VERDICT_UNSAFE) {
			if (!unsafe)
				unsafe = add("drivers", TO_DO,
					     copy("these make accesses that nothing captures"),
					     format("%s, or rebuild them: docs/driver.md",
						    is_loaded ? "switch the guard on" :
								"load svm_mmio"));
			add_item(unsafe, name, format("%s: %u accesses", audit_verdict(m),
						      m->accesses));
		} else if (!all[i].unknown && m->verdict == VERDICT_MAPS) {
			if (!maps)
				maps = add("drivers", NOTE,
					   copy("these map a device, and no access is seen"),
					   copy("switch the guard on, or look into their sources"));
			add_item(maps, name, format("%u mappings", m->mappings));
		} else if (all[i].unknown) {
			if (!unknown)
				unknown = add("drivers", UNKNOWN,
					      copy("these cannot be judged"),
					      copy("svm-mmio audit FILE, of what was loaded"));
			add_item(unknown, name, copy(all[i].unknown));
		} else {
			free(name);
		}
	}
	if (!unsafe && !maps && !unknown)
		add("drivers", WELL,
		    count ? format("%zu loaded, and no access that nothing captures", count) :
			    copy("no other module is loaded"), NULL);
	loaded_free(all, count);
}

/* After "svm-mmio boot on": the kernels that will not boot as they are to, one by one. */
static void check_boot(void)
{
	static const enum state states[BOOT_STATES] = {
		[BOOT_OK] = WELL,
		[BOOT_NOTE] = NOTE,
		[BOOT_UNKNOWN] = UNKNOWN,
		[BOOT_TO_DO] = TO_DO,
	};
	struct boot_kernel *all;
	struct check *check;
	enum boot_state worst;
	size_t count, i;

	if (!boot_is_on())
		return;
	count = boot_kernels(&all);
	worst = boot_worst(all, count);
	check = add("boot", states[worst],
		    format("in an SVM svm_mmio is %sloaded before any driver",
			   worst == BOOT_OK ? "" : "to be "),
		    worst == BOOT_OK ? NULL : copy("svm-mmio boot status"));
	for (i = 0; i < count; i++)
		if (all[i].state == worst && worst != BOOT_OK)
			add_item(check, copy(all[i].release), copy(all[i].found));
	boot_free(all, count);
}

/* In an SVM: programs that access devices themselves. */
static void check_programs(bool guarded)
{
	struct program *all;
	size_t count = programs_with_devices(&all), i;
	struct check *check = NULL;

	for (i = 0; i < count; i++) {
		if (!check)
			check = guarded ?
				add("programs", WELL,
				    copy("these have mapped a device, and are guarded"), NULL) :
				add("programs", TO_DO,
				    copy("these have mapped a device, and nothing guards them"),
				    copy("guard them, or end them: docs/guard.md, \"User space\""));
		add_item(check, all[i].name, all[i].mapped);
	}
	if (!check)
		add("programs", WELL, copy("none has mapped a device"), NULL);
	free(all);
}

static void look(const char *status, const char *debugfs, const struct problem *problem)
{
	enum secure secure;

	if (!status && problem->obstacle == WRONG_MACHINE) {
		add("guest", UNKNOWN, copy(problem->what), copy(problem->next));
		return;
	}
	secure = check_guest(status);
	if (!status) {
		check_problem(problem, secure);
		if (secure == YES && problem->obstacle == NOT_LOADED) {
			check_drivers(false);
			check_programs(false);
		}
		check_boot();
		return;
	}
	check_module(status);
	check_backend(status);
	check_guard(status, debugfs, secure);
	if (status_is(status, "guard", "on")) {
		check_before(status);
		check_accesses(status);
	} else if (secure == YES && !status_is(status, "guard", "the kernel itself")) {
		check_drivers(true);
	}
	if (secure == YES)
		check_programs(status_is(status, "guard_user", "on"));
	check_boot();
}

static size_t count_of(enum state state)
{
	size_t count = 0, i;

	for (i = 0; i < check_count; i++)
		count += checks[i].state == state;
	return count;
}

static const char *colour_of(enum state state)
{
	switch (state) {
	case WELL:
		return green();
	case TO_DO:
		return red();
	default:
		return yellow();
	}
}

/* Words in lines of WIDTH, each but the first from column @indent on; the first is there. */
static void print_wrapped(const char *text, size_t indent)
{
	size_t at = indent;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (at > indent && at + len > WIDTH) {
			printf("\n%*s", (int)indent, "");
			at = indent;
		}
		printf("%.*s", (int)len, text);
		text += len;
		at += len;
		if (*text == ' ') {
			text++;
			if (at + 1 + strcspn(text, " ") <= WIDTH)
				putchar(' ');
			at++;
		}
	}
	putchar('\n');
}

static void print_check(const struct check *check)
{
	size_t width = 0, i;

	printf("%s%-8s%s %-9s ", colour_of(check->state), state_names[check->state], plain(),
	       check->name);
	print_wrapped(check->found, INDENT);
	for (i = 0; i < check->item_count; i++)
		if (strlen(check->items[i].name) > width)
			width = strlen(check->items[i].name);
	for (i = 0; i < check->item_count; i++) {
		printf("%*s%-*s  ", INDENT + 2, "", (int)width, check->items[i].name);
		print_wrapped(check->items[i].what, INDENT + 4 + width);
	}
	if (check->next) {
		printf("%*s%s->%s ", INDENT, "", bold(), plain());
		print_wrapped(check->next, INDENT + 3);
	}
}

static const char *result(void)
{
	if (count_of(TO_DO))
		return "to do";
	return count_of(UNKNOWN) ? "unknown" : "ok";
}

static void print_all(void)
{
	size_t to_do = count_of(TO_DO), i;

	for (i = 0; i < check_count; i++)
		print_check(&checks[i]);
	putchar('\n');
	if (to_do)
		printf("%s%zu thing%s to do.%s\n", red(), to_do, to_do == 1 ? "" : "s", plain());
	else if (count_of(UNKNOWN))
		printf("%sNot all could be looked at.%s\n", yellow(), plain());
	else
		printf("%sAll is well.%s\n", green(), plain());
}

static void print_json(const char *status)
{
	size_t i, k;

	json_object(NULL);
	json_string("result", result());
	json_list("checks");
	for (i = 0; i < check_count; i++) {
		json_object(NULL);
		json_string("check", checks[i].name);
		json_string("state", state_names[checks[i].state]);
		json_string("found", checks[i].found);
		json_string("next", checks[i].next);
		json_list("items");
		for (k = 0; k < checks[i].item_count; k++) {
			json_object(NULL);
			json_string("name", checks[i].items[k].name);
			json_string("what", checks[i].items[k].what);
			json_end();
		}
		json_end();
		json_end();
	}
	json_end();
	if (status) {
		json_object("status");
		status_json(status);
		json_end();
	}
	json_end();
}

int cmd_doctor(int argc, char **argv)
{
	struct problem problem;
	char *path, *status = NULL;
	const char *debugfs;

	if (argc > 1)
		return usage_error("doctor takes no '%s'", argv[1]);
	debugfs = guest_debugfs(&problem);
	if (debugfs) {
		path = format("%s/status", debugfs);
		status = guest_read(path);
		free(path);
		if (!status) {
			complain("the module went away while it was looked at: try again");
			return EXIT_CANNOT;
		}
	}
	look(status, debugfs, &problem);
	if (options.json)
		print_json(status);
	else
		print_all();
	free(status);
	if (count_of(TO_DO))
		return EXIT_BAD;
	return count_of(UNKNOWN) ? EXIT_CANNOT : EXIT_OK;
}
