/* SPDX-License-Identifier: GPL-2.0 */
/* What the module's file "status" says, and what follows from it. */
#ifndef SVM_TOOL_STATUS_H
#define SVM_TOOL_STATUS_H

#include <stdbool.h>

/* Is the value of a key that one? NULL for @wanted: is there such a key at all? */
bool status_is(const char *status, const char *key, const char *wanted);

/* The value of a key, 0 if there is none. */
unsigned long long status_number(const char *status, const char *key);

/**
 * struct advice - what follows from the state of the backend
 * @found: what is the matter; NULL if nothing is
 * @next: what to do about it
 * @bad: the module cannot do its work here
 */
struct advice {
	const char *found;
	const char *next;
	bool bad;
};

struct advice status_advise(const char *status);

/* Each line of it as a member of the JSON object that is open, under the same key. */
void status_json(const char *status);

#endif /* SVM_TOOL_STATUS_H */
