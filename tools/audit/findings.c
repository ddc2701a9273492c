// SPDX-License-Identifier: GPL-2.0
/* What was found in a module: the list that all that look for something add to. */
#include <stdlib.h>

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

bool audit_has_kind(const struct module *m, enum kind kind)
{
	size_t i;

	for (i = 0; i < m->finding_count; i++)
		if (m->findings[i].kind == kind)
			return true;
	return false;
}

void audit_sort_findings(struct module *m)
{
	sort(m->findings, m->finding_count, sizeof(*m->findings), compare_findings);
	m->sorted_count = m->finding_count;
}

/* Was there one at a place when they were sorted last? */
bool audit_has_finding(const struct module *m, size_t ndx, uint64_t offset)
{
	struct finding wanted = { .ndx = ndx, .offset = offset };

	return m->sorted_count && bsearch(&wanted, m->findings, m->sorted_count, sizeof(wanted),
					  compare_findings);
}

void audit_free_findings(struct module *m)
{
	size_t i;

	for (i = 0; i < m->finding_count; i++) {
		free(m->findings[i].where);
		free(m->findings[i].what);
		free(m->findings[i].advice);
		free(m->findings[i].source);
	}
	free(m->findings);
}
