/* SPDX-License-Identifier: GPL-2.0 */
/* Writes JSON to stdout as it comes: values in objects and lists, properly quoted. */
#ifndef SVM_TOOL_JSON_H
#define SVM_TOOL_JSON_H

#include <stdbool.h>

/* @key is NULL in a list and at the top. */
void json_object(const char *key);
void json_list(const char *key);
void json_end(void);
void json_string(const char *key, const char *value);	/* null for NULL */
void json_number(const char *key, double value);
void json_bool(const char *key, bool value);

#endif /* SVM_TOOL_JSON_H */
