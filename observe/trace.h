/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Trace events, modelled on those of rwmmio: svm_mmio:svm_mmio_read after a load and
 * svm_mmio:svm_mmio_write before a store. Accesses of bulk accessors are an event each.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM svm_mmio

#if !defined(_SVM_OBSERVE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _SVM_OBSERVE_TRACE_H

#include <linux/jump_label.h>
#include <linux/sched.h>
#include <linux/tracepoint.h>

#ifndef _SVM_OBSERVE_TRACE_SWITCH
#define _SVM_OBSERVE_TRACE_SWITCH
/*
 * On while accesses have to take the detour (backend/detour.c): each event that is on
 * counts, and so does a backend that has no other way. It is here, below the backends,
 * as switching an event on must not need them.
 */
DECLARE_STATIC_KEY_FALSE(svm_mmio_detour);

int svm_trace_on(void);
void svm_trace_off(void);
#endif

DECLARE_EVENT_CLASS(svm_mmio_access,

	TP_PROTO(unsigned long caller, u8 backend, u8 bytes,
		 const volatile void __iomem *addr, u64 val),

	TP_ARGS(caller, backend, bytes, addr, val),

	TP_STRUCT__entry(
		__field(unsigned long, caller)
		__field(unsigned long, addr)
		__field(u64, val)
		__field(u8, backend)
		__field(u8, width)
	),

	TP_fast_assign(
		__entry->caller = caller;
		__entry->addr = (__force unsigned long)addr;
		__entry->val = val;
		__entry->backend = backend;
		__entry->width = 8 * bytes;
	),

	TP_printk("%pS backend=%s width=%d addr=%#lx val=%#llx",
		  (void *)__entry->caller,
		  __print_symbolic(__entry->backend, { 0, "direct" }, { 1, "sprg0" },
				   { 2, "hcall" }),
		  __entry->width, __entry->addr, __entry->val)
);

DEFINE_EVENT_FN(svm_mmio_access, svm_mmio_read,
	TP_PROTO(unsigned long caller, u8 backend, u8 bytes,
		 const volatile void __iomem *addr, u64 val),
	TP_ARGS(caller, backend, bytes, addr, val),
	svm_trace_on, svm_trace_off
);

DEFINE_EVENT_FN(svm_mmio_access, svm_mmio_write,
	TP_PROTO(unsigned long caller, u8 backend, u8 bytes,
		 const volatile void __iomem *addr, u64 val),
	TP_ARGS(caller, backend, bytes, addr, val),
	svm_trace_on, svm_trace_off
);

/* By the guard: the caller is the instruction itself, which has faulted. */
DEFINE_EVENT(svm_mmio_access, svm_mmio_guard_read,
	TP_PROTO(unsigned long caller, u8 backend, u8 bytes,
		 const volatile void __iomem *addr, u64 val),
	TP_ARGS(caller, backend, bytes, addr, val)
);

DEFINE_EVENT(svm_mmio_access, svm_mmio_guard_write,
	TP_PROTO(unsigned long caller, u8 backend, u8 bytes,
		 const volatile void __iomem *addr, u64 val),
	TP_ARGS(caller, backend, bytes, addr, val)
);

/* By the guard for a program: the caller is the program's instruction. */
DECLARE_EVENT_CLASS(svm_mmio_user_access,

	TP_PROTO(unsigned long caller, u8 backend, u8 bytes, unsigned long addr, u64 val),

	TP_ARGS(caller, backend, bytes, addr, val),

	TP_STRUCT__entry(
		__field(unsigned long, caller)
		__field(unsigned long, addr)
		__field(u64, val)
		__field(pid_t, pid)
		__array(char, comm, TASK_COMM_LEN)
		__field(u8, backend)
		__field(u8, width)
	),

	TP_fast_assign(
		__entry->caller = caller;
		__entry->addr = addr;
		__entry->val = val;
		__entry->pid = current->pid;
		memcpy(__entry->comm, current->comm, TASK_COMM_LEN);
		__entry->backend = backend;
		__entry->width = 8 * bytes;
	),

	TP_printk("%#lx comm=%s pid=%d backend=%s width=%d addr=%#lx val=%#llx",
		  __entry->caller, __entry->comm, __entry->pid,
		  __print_symbolic(__entry->backend, { 0, "direct" }, { 1, "sprg0" },
				   { 2, "hcall" }),
		  __entry->width, __entry->addr, __entry->val)
);

DEFINE_EVENT(svm_mmio_user_access, svm_mmio_user_read,
	TP_PROTO(unsigned long caller, u8 backend, u8 bytes, unsigned long addr, u64 val),
	TP_ARGS(caller, backend, bytes, addr, val)
);

DEFINE_EVENT(svm_mmio_user_access, svm_mmio_user_write,
	TP_PROTO(unsigned long caller, u8 backend, u8 bytes, unsigned long addr, u64 val),
	TP_ARGS(caller, backend, bytes, addr, val)
);

#endif /* _SVM_OBSERVE_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH observe
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
