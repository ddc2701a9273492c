// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * As much of QEMU as a plugin sees, without a guest. What happens in that is told on stdin, a line
 * at a time; each is answered with a line.
 *
 *	load PLUGIN TARGET SYSTEM VCPUS [OPTION]...
 *		what qemu_plugin_install() returns
 *	vcpu NUMBER
 *		it starts
 *	code ADDRESS WORD
 *		an instruction is translated: its number, and whether it is watched
 *	access NUMBER VCPU KIND ADDRESS SPRG0
 *		that instruction has made an access: a load or store of a device, of ram, or of
 *		who knows
 *	end
 *		QEMU ends
 */
#include <dlfcn.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin_api.h"

#define MOST	8192

struct qemu_plugin_insn {
	uint64_t vaddr;
	uint32_t word;
	qemu_plugin_mem_cb_t accessed;
	void *udata;
};

struct qemu_plugin_tb {
	struct qemu_plugin_insn *insns[2];
};

struct qemu_plugin_hwaddr {
	bool io;
};

/* Larger than what a plugin knows of it, as in newer versions. */
struct descriptor {
	struct qemu_plugin_reg_descriptor known;
	uint64_t more[2];
};

enum { STORE = 1, RAM = 2, UNKNOWN = 4 };

static struct qemu_plugin_insn insns[MOST];
static unsigned int nr_insns;
static uint64_t sprg0;
static qemu_plugin_vcpu_udata_cb_t vcpu_starts;
static qemu_plugin_tb_trans_cb_t translated;
static qemu_plugin_udata_cb_t ends;
static int handles[2];

void qemu_plugin_register_vcpu_init_cb(qemu_plugin_id_t id, qemu_plugin_vcpu_udata_cb_t cb,
				       void *udata)
{
	vcpu_starts = cb;
}

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_plugin_tb_trans_cb_t cb,
					   void *udata)
{
	translated = cb;
}

void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, qemu_plugin_udata_cb_t cb, void *udata)
{
	ends = cb;
}

void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, qemu_plugin_mem_cb_t cb,
				      enum qemu_plugin_cb_flags flags, enum qemu_plugin_mem_rw rw,
				      void *udata)
{
	/* It has to see both, and SPRG0. */
	if (rw == QEMU_PLUGIN_MEM_RW && flags == QEMU_PLUGIN_CB_R_REGS) {
		insn->accessed = cb;
		insn->udata = udata;
	}
}

/* An instruction of no interest comes first in each block. */
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb)
{
	return 2;
}

struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t n)
{
	return n < 2 ? tb->insns[n] : NULL;
}

size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *to, size_t len)
{
	uint32_t word = GUINT32_TO_LE(insn->word);

	memcpy(to, &word, MIN(len, sizeof(word)));
	return MIN(len, sizeof(word));
}

uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn)
{
	return insn->vaddr;
}

bool qemu_plugin_mem_is_store(qemu_plugin_meminfo_t info)
{
	return info & STORE;
}

struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(qemu_plugin_meminfo_t info, uint64_t vaddr)
{
	static struct qemu_plugin_hwaddr found;

	found.io = !(info & RAM);
	return info & UNKNOWN ? NULL : &found;
}

bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *hwaddr)
{
	return hwaddr->io;
}

const char *qemu_plugin_hwaddr_device_name(const struct qemu_plugin_hwaddr *hwaddr)
{
	return "a \"device\" \\ of \001 0\177";
}

GArray *qemu_plugin_get_registers(void)
{
	GArray *array = g_array_new(false, true, sizeof(struct descriptor));
	struct descriptor registers[] = {
		{ .known = { (void *)&handles[0], NULL } },
		{ .known = { (void *)&handles[0], "nip" } },
		{ .known = { (void *)&handles[1], "sprg0" } },
		{ .known = { (void *)&handles[0], "sprg1" } },
	};

	g_array_append_vals(array, registers, G_N_ELEMENTS(registers));
	return array;
}

bool qemu_plugin_read_register(struct qemu_plugin_register *handle, GByteArray *buf)
{
	uint64_t value = GUINT64_TO_LE(sprg0);

	if ((void *)handle != (void *)&handles[1])
		value = ~value;
	g_byte_array_append(buf, (const void *)&value, sizeof(value));
	return true;
}

static int load(char *args)
{
	static struct qemu_plugin_info info;
	static char *options[64];
	char *plugin = strtok(args, " "), *word;
	int (*install)(qemu_plugin_id_t id, const struct qemu_plugin_info *info, int argc,
		       char **argv);
	void *library = dlopen(plugin, RTLD_NOW);
	int n = 0;

	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		exit(3);
	}
	install = dlsym(library, "qemu_plugin_install");
	info.target_name = strtok(NULL, " ");
	info.system_emulation = atoi(strtok(NULL, " "));
	info.system.max_vcpus = atoi(strtok(NULL, " "));
	while ((word = strtok(NULL, " ")))
		options[n++] = word;
	return install(1, &info, n, options);
}

static const char *code(uint64_t vaddr, uint32_t word)
{
	static struct qemu_plugin_insn nop = { .vaddr = 8, .word = 0x60000000 };
	struct qemu_plugin_tb tb = { .insns = { &nop, &insns[nr_insns] } };

	insns[nr_insns++] = (struct qemu_plugin_insn){ .vaddr = vaddr, .word = word };
	translated(&tb, NULL);
	return insns[nr_insns - 1].accessed ? "watched" : "not";
}

static void access_by(unsigned int number, unsigned int vcpu, const char *kind, uint64_t address)
{
	struct qemu_plugin_insn *insn = &insns[number];
	qemu_plugin_meminfo_t info = 0;

	if (strstr(kind, "store"))
		info |= STORE;
	if (strstr(kind, "ram"))
		info |= RAM;
	if (strstr(kind, "unknown"))
		info |= UNKNOWN;
	if (insn->accessed)
		insn->accessed(vcpu, info, address, insn->udata);
}

int main(void)
{
	static char line[65536];
	unsigned long long a, b;
	unsigned int n, vcpu;
	char kind[32];

	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "load ", 5)) {
			printf("%d\n", load(line + 5));
		} else if (sscanf(line, "vcpu %u", &vcpu) == 1) {
			vcpu_starts(vcpu, NULL);
			puts("started");
		} else if (sscanf(line, "code %llx %llx", &a, &b) == 2) {
			n = nr_insns;
			printf("%u %s\n", n, code(a, b));
		} else if (sscanf(line, "access %u %u %31s %llx %llx", &n, &vcpu, kind, &a,
				  &b) == 5) {
			sprg0 = b;
			access_by(n, vcpu, kind, a);
			puts("made");
		} else if (!strcmp(line, "end")) {
			ends(NULL);
			puts("ended");
		} else {
			fprintf(stderr, "what is '%s'?\n", line);
			return 2;
		}
	}
	return 0;
}
