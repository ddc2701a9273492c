// SPDX-License-Identifier: GPL-2.0
/* One command, by one of the system calls that write, and what that has to return. */
#include <errno.h>
#include <unistd.h>

#include "fuzz.h"

/* What the system call returned, or the errno, negative. Where in the file must not matter. */
long deliver(struct rng *rng, int fd, const struct input *in)
{
	off_t place = rng_next(rng) >> (1 + rng_below(rng, 63));
	long done;

	if (rng_one_in(rng, 8)) {
		done = pwrite(fd, in->text, in->len, place);
	} else {
		if (rng_one_in(rng, 8))
			lseek(fd, place, SEEK_SET);
		done = write(fd, in->text, in->len);
	}
	return done < 0 ? -errno : done;
}

/* Whether deliver() returned what the model @wanted. */
bool check_done(const struct bar *bar, const char *file, const struct input *in, long wanted,
		long done)
{
	if (done != wanted)
		failed("printf '%s' >%s/%s: expected %s, got %s", printable(in->text, in->len),
		       bar->dir, file, error_name(wanted), error_name(done));
	return done == wanted;
}
