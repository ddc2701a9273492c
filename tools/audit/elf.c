// SPDX-License-Identifier: GPL-2.0
/*
 * A module as libelf sees it: its executable sections, its symbols, its relocations.
 *
 * The file may be damaged, by accident or on purpose. libelf checks what it hands out
 * against the size of the file; all that refers from one part to another is checked here.
 */
#include <stdlib.h>
#include <string.h>

#include "../util.h"
#include "audit.h"
#include "insn.h"

/* Too new for some elf.h. */
#ifndef R_PPC64_REL24_NOTOC
#define R_PPC64_REL24_NOTOC	116
#endif

/* How far the local entry point is from the global one: three bits of st_other, ELFv2 ABI. */
#define LOCAL_ENTRY(other)	(((1u << ((other) >> 5 & 7)) >> 2) << 2)

static bool fail(struct module *m, const char *why)
{
	m->error = copy(why);
	return false;
}

/* A string of section @ndx, "" if there is none. libelf sees to it that it ends. */
static const char *string(const struct module *m, size_t ndx, size_t offset)
{
	const char *text = elf_strptr(m->elf, ndx, offset);

	return text ? text : "";
}

const char *audit_section_name(const struct module *m, size_t ndx)
{
	Elf_Scn *scn = elf_getscn(m->elf, ndx);
	GElf_Shdr shdr;
	size_t names;

	if (!scn || !gelf_getshdr(scn, &shdr) || elf_getshdrstrndx(m->elf, &names))
		return "";
	return string(m, names, shdr.sh_name);
}

static void add_text(struct module *m, Elf_Scn *scn)
{
	Elf_Data *data = elf_rawdata(scn, NULL);
	struct text *text;
	size_t i;

	if (!data || !data->d_buf || data->d_size < 4)
		return;
	m->texts = resize(m->texts, m->text_count + 1, sizeof(*m->texts));
	text = &m->texts[m->text_count++];
	*text = (struct text){ .ndx = elf_ndxscn(scn), .count = data->d_size / 4 };
	text->name = audit_section_name(m, text->ndx);
	text->insn = resize(NULL, text->count, sizeof(*text->insn));
	text->reached = resize(NULL, text->count, 1);
	memset(text->reached, 0, text->count);
	for (i = 0; i < text->count; i++)
		text->insn[i] = get32((const uint8_t *)data->d_buf + 4 * i);
}

static void add_symbols(struct module *m, Elf_Scn *scn, const GElf_Shdr *shdr)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	size_t count, i;
	GElf_Sym sym;

	if (!data || !data->d_buf)
		return;
	count = data->d_size / sizeof(Elf64_Sym);
	m->symbols = resize(m->symbols, m->symbol_count + count, sizeof(*m->symbols));
	for (i = 0; i < count && gelf_getsym(data, i, &sym); i++) {
		unsigned int type = GELF_ST_TYPE(sym.st_info);
		const char *name = string(m, shdr->sh_link, sym.st_name);

		if (sym.st_shndx == SHN_UNDEF || sym.st_shndx >= SHN_LORESERVE ||
		    !name[0] || name[0] == '.' ||
		    (type != STT_FUNC && type != STT_OBJECT && type != STT_NOTYPE))
			continue;
		m->symbols[m->symbol_count++] = (struct symbol){
			.name = name,
			.ndx = sym.st_shndx,
			.value = sym.st_value,
			.size = sym.st_size,
			.local_entry = type == STT_FUNC ? LOCAL_ENTRY(sym.st_other) : 0,
			.global = GELF_ST_BIND(sym.st_info) != STB_LOCAL,
			.function = type == STT_FUNC,
		};
	}
}

static void add_relocs(struct module *m, Elf_Scn *scn, const GElf_Shdr *shdr)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	Elf_Scn *symtab = elf_getscn(m->elf, shdr->sh_link);
	Elf_Data *symbols = symtab ? elf_getdata(symtab, NULL) : NULL;
	GElf_Shdr table, place;
	Elf_Scn *where = elf_getscn(m->elf, shdr->sh_info);
	size_t count, i;
	GElf_Rela rela;
	GElf_Sym sym;

	/* What is not in memory when the module runs is of no interest. */
	if (!where || !gelf_getshdr(where, &place) || !(place.sh_flags & SHF_ALLOC))
		return;
	if (!data || !data->d_buf || !symbols || !gelf_getshdr(symtab, &table) ||
	    table.sh_type != SHT_SYMTAB)
		return;
	count = data->d_size / sizeof(Elf64_Rela);
	m->relocs = resize(m->relocs, m->reloc_count + count, sizeof(*m->relocs));
	for (i = 0; i < count && gelf_getrela(data, i, &rela); i++) {
		if (!gelf_getsym(symbols, GELF_R_SYM(rela.r_info), &sym))
			continue;
		m->relocs[m->reloc_count++] = (struct reloc){
			.ndx = shdr->sh_info,
			.offset = rela.r_offset,
			.type = GELF_R_TYPE(rela.r_info),
			.name = string(m, table.sh_link, sym.st_name),
			.target_ndx = sym.st_shndx < SHN_LORESERVE ? sym.st_shndx : SHN_UNDEF,
			.target = sym.st_value + rela.r_addend,
			.addend = rela.r_addend,
		};
	}
}

int audit_order(size_t a_ndx, uint64_t a, size_t b_ndx, uint64_t b)
{
	if (a_ndx != b_ndx)
		return a_ndx < b_ndx ? -1 : 1;
	return a < b ? -1 : a > b;
}

/* Of several symbols in one place the last one is used: a function, if one is. */
static int compare_symbols(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;
	int by_place = audit_order(x->ndx, x->value, y->ndx, y->value);

	if (by_place)
		return by_place;
	return x->function != y->function ? x->function - y->function : x->global - y->global;
}

static int compare_relocs(const void *a, const void *b)
{
	const struct reloc *x = a, *y = b;

	return audit_order(x->ndx, x->offset, y->ndx, y->offset);
}

/* Kernels built for several processors say so in the modules' version magic. */
static bool built_for_smp(Elf_Scn *scn)
{
	static const char key[] = "vermagic=";
	Elf_Data *data = elf_rawdata(scn, NULL);
	const char *at, *end;

	if (!data || !data->d_buf)
		return true;
	at = memmem(data->d_buf, data->d_size, key, strlen(key));
	if (!at)
		return true;
	end = memchr(at, 0, (const char *)data->d_buf + data->d_size - at);
	return !end || memmem(at, end - at, " SMP", strlen(" SMP"));
}

/* What cannot be read might be anything: of a file with such a part nothing is said. */
static bool is_readable(Elf_Scn *scn, const GElf_Shdr *shdr)
{
	Elf_Data *data;

	if (!shdr->sh_size || shdr->sh_type == SHT_NOBITS)
		return true;
	data = elf_rawdata(scn, NULL);
	return data && data->d_buf && data->d_size == shdr->sh_size;
}

bool audit_open(struct module *m)
{
	Elf_Scn *scn = NULL;
	GElf_Ehdr ehdr;
	size_t sections;

	m->elf = elf_memory(m->image, m->size);
	if (!m->elf || elf_kind(m->elf) != ELF_K_ELF || !gelf_getehdr(m->elf, &ehdr))
		return fail(m, "it is not an ELF file: is it a module?");
	if (gelf_getclass(m->elf) != ELFCLASS64 || ehdr.e_machine != EM_PPC64 ||
	    ehdr.e_ident[EI_DATA] != ELFDATA2LSB)
		return fail(m, "it is not for ppc64le, the only architecture that is audited");
	if (ehdr.e_type != ET_REL)
		return fail(m, "it is a linked program: give a module (.ko) or an object file "
			       "(.o)");

	if (elf_getshdrnum(m->elf, &sections) || sections < 2)
		return fail(m, "it is damaged: its section headers cannot be read");
	m->has_mmiowb = true;
	while ((scn = elf_nextscn(m->elf, scn))) {
		GElf_Shdr shdr;

		if (!gelf_getshdr(scn, &shdr) || !is_readable(scn, &shdr))
			return fail(m, "it is damaged: a section cannot be read");
		if (shdr.sh_type == SHT_PROGBITS && shdr.sh_flags & SHF_EXECINSTR)
			add_text(m, scn);
		else if (shdr.sh_type == SHT_SYMTAB)
			add_symbols(m, scn, &shdr);
		else if (shdr.sh_type == SHT_RELA)
			add_relocs(m, scn, &shdr);
		else if (!strcmp(audit_section_name(m, elf_ndxscn(scn)), ".modinfo"))
			m->has_mmiowb = built_for_smp(scn);
	}
	sort(m->symbols, m->symbol_count, sizeof(*m->symbols), compare_symbols);
	sort(m->relocs, m->reloc_count, sizeof(*m->relocs), compare_relocs);
	return true;
}

void audit_close(struct module *m)
{
	size_t i;

	for (i = 0; i < m->text_count; i++) {
		free(m->texts[i].insn);
		free(m->texts[i].reached);
	}
	free(m->texts);
	free(m->symbols);
	free(m->relocs);
	free(m->jumps);
	elf_end(m->elf);
	free(m->image);
	m->texts = NULL;
	m->symbols = NULL;
	m->relocs = NULL;
	m->jumps = NULL;
	m->elf = NULL;
	m->image = NULL;
	m->text_count = 0;
	m->symbol_count = 0;
	m->reloc_count = 0;
	m->jump_count = 0;
}

struct text *audit_text(const struct module *m, size_t ndx)
{
	size_t i;

	for (i = 0; i < m->text_count; i++)
		if (m->texts[i].ndx == ndx)
			return &m->texts[i];
	return NULL;
}

/* The first relocation at or after a place. */
static size_t reloc_from(const struct module *m, size_t ndx, uint64_t offset)
{
	size_t low = 0, high = m->reloc_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct reloc *r = &m->relocs[middle];

		if (audit_order(r->ndx, r->offset, ndx, offset) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t audit_first_reloc(const struct module *m, size_t ndx)
{
	return reloc_from(m, ndx, 0);
}

/* The relocation of a place, NULL if it has none. */
const struct reloc *audit_reloc_at(const struct module *m, size_t ndx, uint64_t offset)
{
	size_t at = reloc_from(m, ndx, offset);

	if (at < m->reloc_count && m->relocs[at].ndx == ndx && m->relocs[at].offset == offset)
		return &m->relocs[at];
	return NULL;
}

/* The last symbol at or before a place, NULL if there is none in its section. */
static const struct symbol *symbol_before(const struct module *m, size_t ndx, uint64_t offset)
{
	size_t low = 0, high = m->symbol_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct symbol *s = &m->symbols[middle];

		if (audit_order(s->ndx, s->value, ndx, offset) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low && m->symbols[low - 1].ndx == ndx ? &m->symbols[low - 1] : NULL;
}

/* The function that begins exactly there, NULL if none does. */
const struct symbol *audit_function_at(const struct module *m, size_t ndx, uint64_t offset)
{
	const struct symbol *s = symbol_before(m, ndx, offset);

	return s && s->function && s->value == offset ? s : NULL;
}

/* The function that begins there or before, NULL if something else does. */
const struct symbol *audit_function_with(const struct module *m, size_t ndx, uint64_t offset)
{
	const struct symbol *s = symbol_before(m, ndx, offset);

	return s && s->function ? s : NULL;
}

/* "symbol+0xoffset", or "section+0xoffset" where there is no symbol. */
char *audit_where(const struct module *m, size_t ndx, uint64_t offset)
{
	const struct symbol *s = symbol_before(m, ndx, offset);

	if (s)
		return format("%s+0x%llx", s->name, (unsigned long long)(offset - s->value));
	return format("%s+0x%llx", audit_section_name(m, ndx), (unsigned long long)offset);
}

bool audit_is_branch_reloc(unsigned int type)
{
	return type == R_PPC64_REL24 || type == R_PPC64_REL24_NOTOC || type == R_PPC64_REL14 ||
	       type == R_PPC64_REL14_BRTAKEN || type == R_PPC64_REL14_BRNTAKEN;
}
