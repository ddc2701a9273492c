/* SPDX-License-Identifier: GPL-2.0 */
/* The words of a command. */
#ifndef _SVM_SELFTEST_WORDS_H
#define _SVM_SELFTEST_WORDS_H

#include <linux/string.h>

/* Cuts off the next word of *@rest: blanks, tabs and newlines divide them. NULL at the end. */
static inline char *svm_next_word(char **rest)
{
	char *word;

	do {
		word = strsep(rest, " \t\n");
	} while (word && !*word);
	return word;
}

#endif /* _SVM_SELFTEST_WORDS_H */
