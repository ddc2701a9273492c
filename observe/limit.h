/* SPDX-License-Identifier: GPL-2.0 */
/* How often a message may come. */
#ifndef _SVM_OBSERVE_LIMIT_H
#define _SVM_OBSERVE_LIMIT_H

#include <linux/ratelimit.h>

/*
 * Ten messages in five seconds. Silent about those that it has suppressed: what the kernel
 * itself would say of them is a warning, and without our name.
 */
#define DEFINE_SVM_LIMIT(name)	\
	struct ratelimit_state name = RATELIMIT_STATE_INIT_FLAGS(name, \
		DEFAULT_RATELIMIT_INTERVAL, DEFAULT_RATELIMIT_BURST, RATELIMIT_MSG_ON_RELEASE)

#endif /* _SVM_OBSERVE_LIMIT_H */
