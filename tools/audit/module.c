// SPDX-License-Identifier: GPL-2.0
/* The audit of one file: everything that looks for something, and the verdict. */
#include <stdlib.h>
#include <string.h>

#include "../util.h"
#include "audit.h"

struct finding *audit_add(struct module *m, enum kind kind, size_t ndx, uint64_t offset)
{
	struct finding *f;

	/* Doubled when it is full: when its count is a power of two. */
	if (!(m->finding_count & (m->finding_count - 1)))
		m->findings = resize(m->findings, m->finding_count ? 2 * m->finding_count : 1,
				     sizeof(*m->findings));
	f = &m->findings[m->finding_count++];
	*f = (struct finding){ .kind = kind, .ndx = ndx, .offset = offset };
	f->where = audit_where(m, ndx, offset);
	return f;
}

static int compare_findings(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	return audit_order(x->ndx, x->offset, y->ndx, y->offset);
}

static void judge(struct module *m)
{
	size_t i;

	for (i = 0; i < m->finding_count; i++) {
		const struct finding *f = &m->findings[i];

		if (f->kind == KIND_WINDOW) {
			m->windows++;
			m->bad_windows += f->fault ? 1 : 0;
		} else if (f->kind == KIND_SAFE_CALL) {
			m->safe_calls++;
		} else if (f->kind == KIND_OWN_CALL) {
			m->own_calls++;
		} else if (f->guarded) {
			m->guarded++;
		} else {
			m->accesses++;
		}
	}
	if (m->accesses || m->bad_windows)
		m->verdict = VERDICT_UNSAFE;
	else if (m->windows || m->safe_calls || m->guarded)
		m->verdict = VERDICT_SAFE;
	else
		m->verdict = VERDICT_NONE;
}

void audit_module(struct module *m)
{
	m->verdict = VERDICT_ERROR;
	m->image = audit_read_file(m->path, &m->size, &m->error);
	if (!m->image)
		return;
	if (audit_open(m)) {
		audit_flow(m);
		audit_windows(m);
		audit_inline(m);
		audit_calls(m);
		sort(m->findings, m->finding_count, sizeof(*m->findings), compare_findings);
		audit_lines(m);
		judge(m);
	}
	audit_close(m);
}

void audit_free(struct module *m)
{
	size_t i;

	for (i = 0; i < m->finding_count; i++) {
		free(m->findings[i].where);
		free(m->findings[i].what);
		free(m->findings[i].advice);
		free(m->findings[i].source);
	}
	free(m->findings);
	free(m->error);
	free(m->path);
	free(m);
}
