// SPDX-License-Identifier: GPL-2.0
/*
 * What the model has seen since it was loaded, in /sys/kernel/debug/uvmodel/:
 *
 *	counters	accesses by verdict
 *	words		each word that was captured, how often, and what it is
 *	refusals	the last accesses that were refused, and why
 */
#include <linux/atomic.h>
#include <linux/debugfs.h>
#include <linux/minmax.h>
#include <linux/seq_file.h>
#include <linux/spinlock.h>
#include <asm/kvm_ppc.h>

#include "uvmodel_decode.h"
#include "uvmodel_record.h"

/* A guest captures a word per accessor: a few dozen. More than fit are counted as one. */
#define WORDS		256
#define REFUSALS	16

struct refusal {
	struct uv_access access;
	enum uv_verdict verdict;
	unsigned long nip;
	u64 sprg0;
	int vcpu_id;
};

static atomic64_t counters[UV_VERDICTS];

/* Taken in the handler of a kprobe. */
static DEFINE_RAW_SPINLOCK(lock);	/* protects all that follows */
static struct {
	u32 word;
	u64 count;
} words[WORDS];
static unsigned int words_used;
static u64 words_lost;
static struct refusal refusals[REFUSALS];
static u64 refusals_seen;

static struct dentry *dir;

static void record_word(u32 word)
{
	unsigned int i;

	for (i = 0; i < words_used; i++)
		if (words[i].word == word)
			break;
	if (i == WORDS) {
		words_lost++;
		return;
	}
	if (i == words_used)
		words[words_used++].word = word;
	words[i].count++;
}

static void record_refusal(const struct uv_access *access, enum uv_verdict verdict)
{
	refusals[refusals_seen++ % REFUSALS] = (struct refusal) {
		.access = *access,
		.verdict = verdict,
		.nip = kvmppc_get_pc(access->vcpu),
		.sprg0 = access->vcpu->arch.shregs.sprg0,
		.vcpu_id = access->vcpu->vcpu_id,
	};
}

/**
 * uv_record() - remember an access
 * @access: the access
 * @verdict: what was found about it
 *
 * Context: any.
 */
void uv_record(const struct uv_access *access, enum uv_verdict verdict)
{
	unsigned long flags;

	atomic64_inc(&counters[verdict]);
	if (verdict != UV_CAPTURED && verdict < UV_FIRST_REFUSAL)
		return;
	raw_spin_lock_irqsave(&lock, flags);
	if (verdict == UV_CAPTURED)
		record_word(access->word);
	else
		record_refusal(access, verdict);
	raw_spin_unlock_irqrestore(&lock, flags);
}

static int counters_show(struct seq_file *m, void *unused)
{
	unsigned int i;

	for (i = 0; i < UV_VERDICTS; i++)
		seq_printf(m, "%s: %lld\n", uv_verdict_name(i), atomic64_read(&counters[i]));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(counters);

static int words_show(struct seq_file *m, void *unused)
{
	unsigned int i;

	raw_spin_lock_irq(&lock);
	for (i = 0; i < words_used; i++)
		seq_printf(m, "0x%08x %llu %s\n", words[i].word, words[i].count,
			   uv_decode(words[i].word)->mnemonic);
	if (words_lost)
		seq_printf(m, "others %llu\n", words_lost);
	raw_spin_unlock_irq(&lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(words);

static int refusals_show(struct seq_file *m, void *unused)
{
	u64 i;

	raw_spin_lock_irq(&lock);
	for (i = refusals_seen - min_t(u64, refusals_seen, REFUSALS); i < refusals_seen; i++) {
		const struct refusal *r = &refusals[i % REFUSALS];

		seq_printf(m, "%s: %s of gpa 0x%lx, ea 0x%lx, by vcpu %d at nip 0x%lx, sprg0 0x%llx\n",
			   uv_verdict_name(r->verdict), r->access.store ? "store" : "load",
			   r->access.gpa, r->access.ea, r->vcpu_id, r->nip, r->sprg0);
	}
	raw_spin_unlock_irq(&lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(refusals);

/**
 * uv_record_init() - make the debugfs files
 */
void uv_record_init(void)
{
	dir = debugfs_create_dir("uvmodel", NULL);
	debugfs_create_file("counters", 0444, dir, NULL, &counters_fops);
	debugfs_create_file("words", 0444, dir, NULL, &words_fops);
	debugfs_create_file("refusals", 0444, dir, NULL, &refusals_fops);
}

/**
 * uv_record_exit() - remove them
 */
void uv_record_exit(void)
{
	debugfs_remove(dir);
}
