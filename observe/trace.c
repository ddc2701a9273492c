// SPDX-License-Identifier: GPL-2.0
/* The trace events, and what switching one on does: accesses take the detour. */
#define CREATE_TRACE_POINTS
#include "trace.h"

DEFINE_STATIC_KEY_FALSE(svm_mmio_detour);

/**
 * svm_trace_on() - an event is being switched on
 *
 * Return: 0.
 */
int svm_trace_on(void)
{
	static_branch_inc(&svm_mmio_detour);
	return 0;
}

/**
 * svm_trace_off() - an event has been switched off
 */
void svm_trace_off(void)
{
	static_branch_dec(&svm_mmio_detour);
}
