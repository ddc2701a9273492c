/* SPDX-License-Identifier: GPL-2.0 */
/* KTAP text, written into memory (Documentation/dev-tools/ktap.rst). */
#ifndef _SVM_SELFTEST_KTAP_H
#define _SVM_SELFTEST_KTAP_H

#include <linux/compiler.h>
#include <linux/types.h>

/**
 * struct svm_ktap - a growing KTAP document
 * @text: NUL-terminated
 * @len: length of @text
 * @size: room at @text
 * @number: number of the last result line
 * @passed: results so far, by kind
 * @failed: ditto
 * @skipped: ditto
 */
struct svm_ktap {
	char *text;
	size_t len;
	size_t size;
	unsigned int number;
	unsigned int passed;
	unsigned int failed;
	unsigned int skipped;
};

struct svm_ktap *svm_ktap_alloc(void);
void svm_ktap_free(struct svm_ktap *ktap);
void svm_ktap_begin(struct svm_ktap *ktap, unsigned int plan);
__printf(2, 3) void svm_ktap_comment(struct svm_ktap *ktap, const char *fmt, ...);
void svm_ktap_ok(struct svm_ktap *ktap, const char *name);
void svm_ktap_not_ok(struct svm_ktap *ktap, const char *name);
void svm_ktap_skip(struct svm_ktap *ktap, const char *name, const char *why);
void svm_ktap_bail_out(struct svm_ktap *ktap, const char *why);
void svm_ktap_end(struct svm_ktap *ktap);

#endif /* _SVM_SELFTEST_KTAP_H */
