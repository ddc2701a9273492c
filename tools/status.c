// SPDX-License-Identifier: GPL-2.0
/* What the module's file "status" says, and what follows from it: for status and doctor. */
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "json.h"
#include "status.h"
#include "util.h"

bool status_is(const char *status, const char *key, const char *wanted)
{
	char *value = guest_value(status, key);
	bool is = value && (!wanted || !strcmp(value, wanted));

	free(value);
	return is;
}

unsigned long long status_number(const char *status, const char *key)
{
	char *value = guest_value(status, key);
	unsigned long long number = value ? strtoull(value, NULL, 10) : 0;

	free(value);
	return number;
}

/* Was SPRG0 seen to be read, when the module was loaded? */
static bool sprg0_works(const char *status)
{
	char *value = guest_value(status, "probe_sprg0");
	bool works = value && !strncmp(value, "works", strlen("works"));

	free(value);
	return works;
}

/**
 * status_advise() - what is to be done about the backend
 * @status: the text of the file
 *
 * Return: the advice, with nothing in it if all is well.
 */
struct advice status_advise(const char *status)
{
	bool secure = status_is(status, "secure", "yes");

	if (secure && status_is(status, "backend", "direct") &&
	    !status_is(status, "guard", "the kernel itself"))
		return (struct advice){
			"this is an SVM, and backend direct captures nothing",
			"rmmod svm_mmio; modprobe svm_mmio backend=auto", true };
	if (status_number(status, "hcall_errors"))
		return (struct advice){
			"the hypervisor has refused accesses (hcall_errors)",
			"dmesg names the first, with the driver that made it", true };
	if (secure && status_is(status, "backend", "sprg0") && !sprg0_works(status))
		return (struct advice){
			"nobody has tried whether the ultravisor reads SPRG0", "svm-mmio probe",
			false };
	return (struct advice){ 0 };
}

void status_json(const char *status)
{
	char *text = copy(status), *rest = NULL, *line;

	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *value = strstr(line, ": "), *end;
		unsigned long long number;

		if (!value)
			continue;
		*value = '\0';
		value += 2;
		number = strtoull(value, &end, 10);
		if (*value && !*end)
			json_number(line, number);
		else
			json_string(line, value);
	}
	free(text);
}
