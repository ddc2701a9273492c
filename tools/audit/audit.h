/* SPDX-License-Identifier: GPL-2.0 */
/*
 * svm-mmio audit: which device accesses a ppc64le module makes, and which of them an SVM
 * can live with. Nothing is run: the module file is read, on any machine.
 */
#ifndef SVM_TOOL_AUDIT_H
#define SVM_TOOL_AUDIT_H

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct text - an executable section
 * @ndx: its section index
 * @name: its name
 * @insn: its words, in the order of this machine
 * @count: how many
 * @reached: for each word, when it can run: flow.c
 */
struct text {
	size_t ndx;
	const char *name;
	uint32_t *insn;
	size_t count;
	uint8_t *reached;
};

/**
 * struct symbol - a symbol that code or data can be named by
 * @name: its name
 * @ndx: its section
 * @value: where it is in that
 * @size: how long
 * @local_entry: bytes from its global to its local entry point (ELFv2)
 * @global: whether other modules can see it
 * @function: whether it is one
 */
struct symbol {
	const char *name;
	size_t ndx;
	uint64_t value;
	uint64_t size;
	unsigned int local_entry;
	bool global;
	bool function;
};

/**
 * struct reloc - a place that refers to a symbol
 * @ndx: section of the place
 * @offset: where it is in that
 * @type: R_PPC64_*
 * @name: name of the symbol, "" if it has none
 * @target_ndx: section of the symbol, SHN_UNDEF if it is another module's
 * @target: where in that, with the addend
 * @addend: the addend alone
 */
struct reloc {
	size_t ndx;
	uint64_t offset;
	unsigned int type;
	const char *name;
	size_t target_ndx;
	uint64_t target;
	int64_t addend;
};

enum kind {
	KIND_WINDOW,		/* a capture window */
	KIND_INLINE,		/* one of the kernel's inline accessors */
	KIND_CALL,		/* a call of one that is in the kernel image */
	KIND_ADDRESS,		/* its address is taken */
	KIND_SAFE_CALL,		/* a call of one of svm_mmio's */
	KIND_OWN_CALL,		/* svm_mmio's own of the kernel's: see calls.c */
	KIND_HELPER,		/* what the kernel has that accesses a device for a module */
	KIND_PLAIN,		/* an ordinary load or store of a device's memory */
	KIND_MAPPING,		/* what maps a device; no access */
};

/**
 * struct finding - one access, or what makes accesses
 * @kind: what it is
 * @ndx: its section
 * @offset: where in that
 * @where: "symbol+0xoffset"
 * @what: the instruction, or the name of the function
 * @advice: what to do about it; NULL if nothing
 * @fault: of a window: what is wrong with it; NULL if nothing
 * @source: "file:line", NULL without debug information
 * @bytes: how wide the access is, 0 if that is not known
 * @store: its direction
 * @guarded: made only with backend "direct", where it is right
 * @unsure: may be something else than an access
 */
struct finding {
	enum kind kind;
	size_t ndx;
	uint64_t offset;
	char *where;
	char *what;
	char *advice;
	const char *fault;
	char *source;
	unsigned int bytes;
	bool store;
	bool guarded;
	bool unsure;
};

enum verdict {
	VERDICT_NONE,		/* no MMIO that can be seen */
	VERDICT_MAPS,		/* none either, but it maps a device */
	VERDICT_SAFE,
	VERDICT_UNSAFE,
	VERDICT_ERROR,		/* the file cannot be judged */
	VERDICTS
};

/**
 * struct module - a module file and all that was found in it
 * @path: of the file, as the user would write it
 * @verdict: the verdict
 * @error: why there is none
 * @findings: all of them, by place
 * @finding_count: how many
 * @sorted_count: how many there were when they were sorted last
 * @windows: how many capture windows, and so on
 * @bad_windows: those with a fault
 * @accesses: inline ones, calls and addresses that no capture covers
 * @guarded: those only backend "direct" makes
 * @safe_calls: calls of svm_mmio's accessors
 * @own_calls: calls of the kernel's by svm_mmio itself
 * @mappings: places that map a device
 *
 * What follows is only there while the file is being read.
 *
 * @image: its content
 * @size: of that
 * @elf: libelf's view
 * @texts: executable sections
 * @text_count: how many
 * @symbols: sorted by place
 * @symbol_count: how many
 * @relocs: sorted by place
 * @reloc_count: how many
 * @jumps: what static keys change: flow.c
 * @jump_count: how many
 * @is_svm_mmio: it is svm_mmio.ko
 * @has_mmiowb: built for a kernel whose stores note that a spinlock has to wait
 */
struct module {
	char *path;
	enum verdict verdict;
	char *error;
	struct finding *findings;
	size_t finding_count;
	size_t sorted_count;
	unsigned int windows;
	unsigned int bad_windows;
	unsigned int accesses;
	unsigned int guarded;
	unsigned int safe_calls;
	unsigned int own_calls;
	unsigned int mappings;

	void *image;
	size_t size;
	Elf *elf;
	struct text *texts;
	size_t text_count;
	struct symbol *symbols;
	size_t symbol_count;
	struct reloc *relocs;
	size_t reloc_count;
	struct jump *jumps;
	size_t jump_count;
	bool is_svm_mmio;
	bool has_mmiowb;
};

/* file.c: the content of a file, unpacked; NULL and *error if that fails. */
void *audit_read_file(const char *path, size_t *size, char **error);
/* The same of what is in memory. False if it is not compressed; *why if it is damaged. */
bool audit_unpack(const void *data, size_t size, void **unpacked, size_t *unpacked_size,
		  const char **why);
bool audit_is_module_name(const char *name);

/* elf.c */
bool audit_open(struct module *m);
void audit_close(struct module *m);
struct text *audit_text(const struct module *m, size_t ndx);
const struct reloc *audit_reloc_at(const struct module *m, size_t ndx, uint64_t offset);
size_t audit_first_reloc(const struct module *m, size_t ndx);
const struct symbol *audit_function_at(const struct module *m, size_t ndx, uint64_t offset);
const struct symbol *audit_function_with(const struct module *m, size_t ndx, uint64_t offset);
char *audit_where(const struct module *m, size_t ndx, uint64_t offset);
const char *audit_section_name(const struct module *m, size_t ndx);
bool audit_is_branch_reloc(unsigned int type);
/* Compares two places, as qsort() wants it: by section, and by where in that. */
int audit_order(size_t a_ndx, uint64_t a, size_t b_ndx, uint64_t b);

/* flow.c: what can run while the accessors are out of line, and what runs after what. */
void audit_flow(struct module *m);
bool audit_is_guarded(const struct module *m, size_t ndx, uint64_t offset);

/* An instruction: its text, and its number in that. */
struct place {
	struct text *text;
	size_t at;
};

bool audit_branches_to(const struct module *m, const struct text *text, size_t at, bool key_on,
		       struct place *to);
bool audit_goes_on(const struct module *m, const struct text *text, size_t at, bool key_on);

/* exports.c: what of the kernel's exported functions has to do with devices. */
enum export {
	EXPORT_OTHER,			/* nothing that is of interest */
	EXPORT_ACCESSOR,
	EXPORT_HELPER,			/* accesses a device for the module */
	EXPORT_SCREEN,			/* the same, if what it accesses is a device */
	EXPORT_MEMORY,			/* accesses memory whose address it is given */
	EXPORT_MAPPING,			/* maps one, and returns the address */
	EXPORT_MAPPING_IN_TABLE,	/* maps some: the addresses are in a table */
	EXPORT_TABLE,			/* returns that table */
};

/**
 * struct accessor - an accessor that is a function
 * @name: its name
 * @bytes: how wide the access is, 0 if it varies
 * @store: its direction
 * @safe: what to call instead; NULL if that is svm_ and the name
 */
struct accessor {
	const char *name;
	unsigned int bytes;
	bool store;
	const char *safe;
};

enum export audit_export(const char *name, const struct accessor **accessor);

/* findings.c: what was found. Whatever finds something adds it with the first. */
struct finding *audit_add(struct module *m, enum kind kind, size_t ndx, uint64_t offset);
bool audit_has_kind(const struct module *m, enum kind kind);
void audit_sort_findings(struct module *m);
bool audit_has_finding(const struct module *m, size_t ndx, uint64_t offset);
void audit_free_findings(struct module *m);

/* windows.c, inline.c, calls.c, pointers.c: each looks for one thing, the last for what is left. */
void audit_windows(struct module *m);
void audit_inline(struct module *m);
void audit_calls(struct module *m);
void audit_pointers(struct module *m);

/* lines.c: fills in where in the source each finding is. */
void audit_lines(struct module *m);

/* module.c: all of the above for one file. */
struct module *audit_new(const char *path);
void audit_module(struct module *m);
void audit_free(struct module *m);

/* report.c */
struct audit_totals {
	unsigned int modules;
	unsigned int by_verdict[VERDICTS];
	unsigned int accesses;
	unsigned int windows;
	unsigned int safe_calls;
	double seconds;
};

const char *audit_verdict(const struct module *m);
void audit_report_module(const struct module *m, bool list, bool all);
void audit_report_totals(const struct audit_totals *totals);
void audit_report_json(struct module **modules, size_t count, const struct audit_totals *totals);

#endif /* SVM_TOOL_AUDIT_H */
