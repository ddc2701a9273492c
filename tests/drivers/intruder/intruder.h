/* SPDX-License-Identifier: GPL-2.0 */
/* The parts of the intruder. */
#ifndef _INTRUDER_H
#define _INTRUDER_H

struct pt_regs;

/* What is done in each interrupt. */
void intrude(struct pt_regs *regs);

int pmi_start(void);
void pmi_stop(void);

int nmi_start(void);
void nmi_stop(void);

#endif /* _INTRUDER_H */
