// SPDX-License-Identifier: GPL-2.0
/* Where in the source a finding is, by the debug information in the module file. */
#include <elfutils/libdwfl.h>
#include <stdlib.h>
#include <string.h>

#include "../util.h"
#include "audit.h"

static int no_debuginfo(Dwfl_Module *mod, void **userdata, const char *modname, Dwarf_Addr base,
			const char *file_name, const char *debuglink_file, GElf_Word crc,
			char **debuginfo_file_name)
{
	(void)mod, (void)userdata, (void)modname, (void)base, (void)file_name;
	(void)debuglink_file, (void)crc, (void)debuginfo_file_name;
	return -1;
}

static bool has_debug_line(const struct module *m)
{
	Elf_Scn *scn = NULL;

	while ((scn = elf_nextscn(m->elf, scn)))
		if (!strcmp(audit_section_name(m, elf_ndxscn(scn)), ".debug_line"))
			return true;
	return false;
}

/* clang leaves out the table that says which unit an address belongs to: look in each. */
static char *search_units(Dwfl_Module *mod, Dwarf_Addr address)
{
	Dwarf_Die *unit = NULL;
	Dwarf_Addr bias;

	while ((unit = dwfl_module_nextcu(mod, unit, &bias))) {
		Dwarf_Line *line = NULL;
		const char *file;
		int number;

		if (dwarf_haspc(unit, address - bias) > 0)
			line = dwarf_getsrc_die(unit, address - bias);
		file = line ? dwarf_linesrc(line, NULL, NULL) : NULL;
		if (file && !dwarf_lineno(line, &number))
			return format("%s:%d", file, number);
	}
	return NULL;
}

/* libdwfl lays the sections out one after another, and says where in their headers. */
static char *line_of(Dwfl_Module *mod, const struct finding *f)
{
	GElf_Addr bias, address;
	Elf *elf = dwfl_module_getelf(mod, &bias);
	Elf_Scn *scn = elf ? elf_getscn(elf, f->ndx) : NULL;
	GElf_Shdr shdr;
	Dwfl_Line *line;
	const char *file;
	int number;

	if (!scn || !gelf_getshdr(scn, &shdr))
		return NULL;
	address = shdr.sh_addr + f->offset + bias;
	line = dwfl_module_getsrc(mod, address);
	file = line ? dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL) : NULL;
	return file ? format("%s:%d", file, number) : search_units(mod, address);
}

void audit_lines(struct module *m)
{
	static const Dwfl_Callbacks callbacks = {
		.find_debuginfo = no_debuginfo,
		.section_address = dwfl_offline_section_address,
	};
	Dwfl_Module *mod;
	Dwfl *dwfl;
	size_t i;

	if (!m->finding_count || !has_debug_line(m))
		return;
	dwfl = dwfl_begin(&callbacks);
	if (!dwfl)
		return;
	dwfl_report_begin(dwfl);
	mod = dwfl_report_offline_memory(dwfl, m->path, m->path, m->image, m->size);
	dwfl_report_end(dwfl, NULL, NULL);
	for (i = 0; mod && i < m->finding_count; i++)
		if (m->findings[i].kind != KIND_SAFE_CALL && !m->findings[i].guarded)
			m->findings[i].source = line_of(mod, &m->findings[i]);
	dwfl_end(dwfl);
}
