// SPDX-License-Identifier: GPL-2.0-or-later
#include "instruction.h"
#include "qemu_plugin_api.h"
#include "site.h"

static GHashTable *sites;
static GMutex lock;	/* of the table, and of adding to a site's tallies */

static guint site_hash(gconstpointer key)
{
	const struct site *s = key;
	uint64_t h = (s->vaddr >> 2 ^ (uint64_t)s->word << 32) * 0x9e3779b97f4a7c15ULL;

	return h >> 32;
}

static gboolean site_equal(gconstpointer a, gconstpointer b)
{
	const struct site *x = a, *y = b;

	return x->vaddr == y->vaddr && x->word == y->word;
}

struct site *site_get(uint64_t vaddr, uint32_t word)
{
	struct site key = { .vaddr = vaddr, .word = word };
	struct site *site;

	g_mutex_lock(&lock);
	if (!sites)
		sites = g_hash_table_new(site_hash, site_equal);
	site = g_hash_table_lookup(sites, &key);
	if (!site) {
		site = g_new0(struct site, 1);
		site->vaddr = vaddr;
		site->word = word;
		site->may_be_captured = may_be_captured(word);
		g_hash_table_add(sites, site);
	}
	g_mutex_unlock(&lock);
	return site;
}

static struct tally *find(struct site *site, uint64_t slot, uint64_t start)
{
	struct tally *t = __atomic_load_n(&site->tallies, __ATOMIC_ACQUIRE);

	while (t && (t->slot != slot || t->start != start))
		t = t->next;
	return t;
}

struct tally *site_tally(struct site *site, uint64_t slot, uint64_t start,
			 const struct qemu_plugin_hwaddr *device)
{
	struct tally *t = find(site, slot, start);

	if (t)
		return t;
	g_mutex_lock(&lock);
	t = find(site, slot, start);
	if (!t) {
		t = g_new0(struct tally, 1);
		t->site = site;
		t->slot = slot;
		t->start = start;
		t->device = qemu_plugin_hwaddr_device_name(device);
		t->next = site->tallies;
		__atomic_store_n(&site->tallies, t, __ATOMIC_RELEASE);
	}
	g_mutex_unlock(&lock);
	return t;
}

unsigned int site_number(void)
{
	unsigned int n;

	g_mutex_lock(&lock);
	n = sites ? g_hash_table_size(sites) : 0;
	g_mutex_unlock(&lock);
	return n;
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static gint by_place(gconstpointer a, gconstpointer b)
{
	const struct tally *x = *(struct tally * const *)a;
	const struct tally *y = *(struct tally * const *)b;
	int order = compare(x->slot, y->slot);

	if (!order)
		order = compare(x->start, y->start);
	if (!order)
		order = compare(x->site->vaddr, y->site->vaddr);
	return order ? order : compare(x->site->word, y->site->word);
}

GPtrArray *site_all_tallies(void)
{
	GPtrArray *all = g_ptr_array_new();
	GHashTableIter iter;
	gpointer site;

	g_mutex_lock(&lock);
	if (sites) {
		g_hash_table_iter_init(&iter, sites);
		while (g_hash_table_iter_next(&iter, &site, NULL)) {
			struct tally *t = ((struct site *)site)->tallies;

			for (; t; t = t->next)
				g_ptr_array_add(all, t);
		}
	}
	g_mutex_unlock(&lock);
	g_ptr_array_sort(all, by_place);
	return all;
}
