// SPDX-License-Identifier: GPL-2.0
/* By performance-monitor interrupts, as profilers take samples. */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/perf_event.h>
#include <linux/slab.h>

#include "intruder.h"

/* In cycles. Seldom enough for perf not to throttle it; a prime, in step with no loop. */
#define PERIOD	1000003

static struct perf_event **events;	/* one for each CPU */

static void on_overflow(struct perf_event *event, struct perf_sample_data *data,
			struct pt_regs *regs)
{
	intrude(regs);
}

void pmi_stop(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		if (events[cpu])
			perf_event_release_kernel(events[cpu]);
	kfree(events);
}

int pmi_start(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.config = PERF_COUNT_HW_CPU_CYCLES,
		.size = sizeof(attr),
		.sample_period = PERIOD,
		.pinned = 1,
		.exclude_user = 1,
	};
	struct perf_event *event;
	int cpu;

	events = kcalloc(nr_cpu_ids, sizeof(*events), GFP_KERNEL);
	if (!events)
		return -ENOMEM;
	for_each_online_cpu(cpu) {
		event = perf_event_create_kernel_counter(&attr, cpu, NULL, on_overflow, NULL);
		if (IS_ERR(event)) {
			pmi_stop();
			return PTR_ERR(event);
		}
		events[cpu] = event;
	}
	return 0;
}
