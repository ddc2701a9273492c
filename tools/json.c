// SPDX-License-Identifier: GPL-2.0
/* Writes JSON. Bytes that are no UTF-8, in a file's name for one, become U+FFFD. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "json.h"

#define DEPTH_MAX	16

static char closing[DEPTH_MAX];
static bool has_member[DEPTH_MAX + 1];
static int depth;

/* The length of the UTF-8 character at @s, 0 if it is none. */
static int character(const unsigned char *s)
{
	int len = *s < 0x80 ? 1 : *s >= 0xc2 && *s < 0xe0 ? 2 : *s >= 0xe0 && *s < 0xf0 ? 3 :
		  *s >= 0xf0 && *s < 0xf5 ? 4 : 0;
	int i;

	for (i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, and what is beyond Unicode. */
	if ((*s == 0xe0 && s[1] < 0xa0) || (*s == 0xed && s[1] > 0x9f) ||
	    (*s == 0xf0 && s[1] < 0x90) || (*s == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

static void quote(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	putchar('"');
	while (*s) {
		int len = character(s);

		if (!len)
			fputs("\\ufffd", stdout);
		else if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if (*s < 0x20)
			printf("\\u%04x", *s);
		else
			fwrite(s, 1, len, stdout);
		s += len ? len : 1;
	}
	putchar('"');
}

static void member(const char *key)
{
	if (has_member[depth])
		putchar(',');
	has_member[depth] = true;
	if (depth)
		printf("\n%*s", 2 * depth, "");
	if (key) {
		quote(key);
		fputs(": ", stdout);
	}
}

static void begin(const char *key, char open, char close)
{
	member(key);
	putchar(open);
	closing[depth++] = close;
	has_member[depth] = false;
}

void json_object(const char *key)
{
	begin(key, '{', '}');
}

void json_list(const char *key)
{
	begin(key, '[', ']');
}

void json_end(void)
{
	bool any = has_member[depth--];

	if (any)
		printf("\n%*s", 2 * depth, "");
	putchar(closing[depth]);
	if (!depth) {
		putchar('\n');
		has_member[0] = false;
	}
}

void json_string(const char *key, const char *value)
{
	member(key);
	if (value)
		quote(value);
	else
		fputs("null", stdout);
}

void json_number(const char *key, double value)
{
	member(key);
	printf("%.15g", value);
}

void json_bool(const char *key, bool value)
{
	member(key);
	fputs(value ? "true" : "false", stdout);
}
