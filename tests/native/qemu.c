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
 *		an instruction is translated: its number, and whether its accesses are watched
 *	first ADDRESS WORD, alone ADDRESS WORD
 *		the same, where it comes first in its block, or has one of its own
 *	run NUMBER VCPU
 *		that instruction is about to be executed: by whom, or where it goes on
 *	set REGISTER VALUE, get REGISTER
 *		of all vCPUs
 *	access NUMBER VCPU KIND ADDRESS SPRG0
 *		that instruction has made an access: a load or store of a device, of ram, or of
 *		who knows, of a byte or of more; with what is in SPRG0, or was stored
 *	end
 *		QEMU ends
 */
#include <dlfcn.h>
#include <glib.h>
#include <setjmp.h>
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
	qemu_plugin_vcpu_udata_cb_t executed;
	enum qemu_plugin_cb_flags flags;	/* what that may do */
	void *executed_udata;
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

enum { STORE = 1, RAM = 2, UNKNOWN = 4, BYTE = 8 };

/* As QEMU names them; the one that has no name is nobody's. */
static struct {
	const char *name;
	uint64_t value;
} registers[] = {
	{ NULL }, { "nip" }, { "sprg0" }, { "sprg1" }, { "msr" }, { "lpidr" },
	{ "r0" }, { "r1" }, { "r2" }, { "r3" }, { "r4" }, { "r5" }, { "r6" }, { "r7" },
	{ "r8" }, { "r9" }, { "r10" }, { "r11" }, { "r12" }, { "r13" }, { "r14" }, { "r15" },
	{ "r16" }, { "r17" }, { "r18" }, { "r19" }, { "r20" }, { "r21" }, { "r22" }, { "r23" },
	{ "r24" }, { "r25" }, { "r26" }, { "r27" }, { "r28" }, { "r29" }, { "r30" }, { "r31" },
};

static struct qemu_plugin_insn insns[MOST];
static unsigned int nr_insns;
static uint64_t stored;
static size_t in_block = 2;
static bool comes_first;
static jmp_buf goes_on;
static uint64_t pc;
static qemu_plugin_vcpu_udata_cb_t vcpu_starts;
static qemu_plugin_tb_trans_cb_t translated;
static qemu_plugin_udata_cb_t ends;

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
	/* It has to see both, and SPRG0 unless it is in a block of its own. */
	if (rw == QEMU_PLUGIN_MEM_RW &&
	    (flags == QEMU_PLUGIN_CB_R_REGS || in_block == 1)) {
		insn->accessed = cb;
		insn->udata = udata;
	}
}

void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    qemu_plugin_vcpu_udata_cb_t cb,
					    enum qemu_plugin_cb_flags flags, void *udata)
{
	if (!cb)
		abort();
	insn->executed = cb;
	insn->flags = flags;
	insn->executed_udata = udata;
}

void qemu_plugin_set_pc(uint64_t address)
{
	pc = address;
	longjmp(goes_on, 1);
}

/* An instruction of no interest is in each block, but for those that have one alone. */
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb)
{
	return in_block;
}

struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t n)
{
	return n < in_block ? tb->insns[n] : NULL;
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

unsigned int qemu_plugin_mem_size_shift(qemu_plugin_meminfo_t info)
{
	return info & BYTE ? 0 : 2;
}

struct qemu_plugin_mem_value qemu_plugin_mem_get_value(qemu_plugin_meminfo_t info)
{
	return (struct qemu_plugin_mem_value){ .data.u64 = stored };
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
	struct descriptor one = { };
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(registers); i++) {
		one.known = (struct qemu_plugin_reg_descriptor){
			(void *)&registers[i], registers[i].name };
		g_array_append_val(array, one);
	}
	return array;
}

bool qemu_plugin_read_register(struct qemu_plugin_register *handle, GByteArray *buf)
{
	uint64_t value = GUINT64_TO_LE(*(uint64_t *)((char *)handle + sizeof(char *)));

	g_byte_array_append(buf, (const void *)&value, sizeof(value));
	return true;
}

bool qemu_plugin_write_register(struct qemu_plugin_register *handle, GByteArray *buf)
{
	uint64_t value;

	memcpy(&value, buf->data, sizeof(value));
	*(uint64_t *)((char *)handle + sizeof(char *)) = GUINT64_FROM_LE(value);
	return buf->len == sizeof(value);
}

/* A register by its name. */
static uint64_t *value_of(const char *name)
{
	size_t i;

	for (i = 1; strcmp(registers[i].name, name); i++)
		;
	return &registers[i].value;
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

	if (comes_first) {
		tb.insns[0] = tb.insns[1];
		tb.insns[1] = &nop;
	}

	insns[nr_insns++] = (struct qemu_plugin_insn){ .vaddr = vaddr, .word = word };
	translated(&tb, NULL);
	return insns[nr_insns - 1].accessed ? "watched" : "not";
}

static void run(unsigned int number, unsigned int vcpu)
{
	static const char * const may[] = { "nothing", "reads", "writes", "goes" };
	struct qemu_plugin_insn *insn = &insns[number];

	if (!insn->executed) {
		puts("itself");
		return;
	}
	if (setjmp(goes_on)) {
		/* Who sets it has to have said so. */
		printf("%s 0x%llx\n", may[insn->flags], (unsigned long long)pc);
		return;
	}
	insn->executed(vcpu, insn->executed_udata);
	printf("%s itself\n", may[insn->flags]);
}

static void access_by(unsigned int number, unsigned int vcpu, const char *kind, uint64_t address,
		      uint64_t sprg0)
{
	struct qemu_plugin_insn *insn = &insns[number];
	qemu_plugin_meminfo_t info = 0;
	unsigned int i;

	/* Who reads another register is told something else. */
	for (i = 0; i < 4; i++)
		registers[i].value = i == 2 ? sprg0 : ~sprg0;
	stored = sprg0;

	if (strstr(kind, "store"))
		info |= STORE;
	if (strstr(kind, "ram"))
		info |= RAM;
	if (strstr(kind, "unknown"))
		info |= UNKNOWN;
	if (strstr(kind, "byte"))
		info |= BYTE;
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
			if (vcpu_starts)
				vcpu_starts(vcpu, NULL);
			puts("started");
		} else if (sscanf(line, "code %llx %llx", &a, &b) == 2) {
			n = nr_insns;
			printf("%u %s\n", n, code(a, b));
		} else if (sscanf(line, "first %llx %llx", &a, &b) == 2 ||
			   sscanf(line, "alone %llx %llx", &a, &b) == 2) {
			comes_first = true;
			in_block = line[0] == 'a' ? 1 : 2;
			n = nr_insns;
			printf("%u %s\n", n, code(a, b));
			in_block = 2;
			comes_first = false;
		} else if (sscanf(line, "run %u %u", &n, &vcpu) == 2) {
			run(n, vcpu);
		} else if (sscanf(line, "set %31s %llx", kind, &a) == 2) {
			*value_of(kind) = a;
			puts("set");
		} else if (sscanf(line, "get %31s", kind) == 1) {
			printf("0x%llx\n", (unsigned long long)*value_of(kind));
		} else if (sscanf(line, "access %u %u %31s %llx %llx", &n, &vcpu, kind, &a,
				  &b) == 5) {
			access_by(n, vcpu, kind, a, b);
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
