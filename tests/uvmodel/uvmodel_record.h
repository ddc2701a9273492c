/* SPDX-License-Identifier: GPL-2.0 */
/* What the model has seen, for people and for tests: debugfs. */
#ifndef _UVMODEL_RECORD_H
#define _UVMODEL_RECORD_H

#include "uvmodel_verdict.h"

void uv_record(const struct uv_access *access, enum uv_verdict verdict);
void uv_record_init(void);
void uv_record_exit(void);

#endif /* _UVMODEL_RECORD_H */
