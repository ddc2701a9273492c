# SPDX-License-Identifier: GPL-2.0
"""The mutants that make up the mutation score, beside those of mutants.py: what is wrong with each,
and which witness has to catch it.

Those of the self-test are blind to something, which a good module does not show. So each names the
mutant that it is put on top of, and the case that would fail but for the blindness.
"""

from dataclasses import dataclass

WINDOW, SPRG0, BULK = "capture/window.h", "accessors/single.c", "accessors/bulk.c"
DETOUR, ACCESS, RUN = "backend/detour.c", "selftest/access.c", "selftest/run.c"
FILES, TALLY, STATE = "selftest/files.c", "selftest/tally.c", "selftest/case_state.c"


@dataclass(frozen=True)
class Mutant:
    """A mutant of the module."""

    what: str               # is wrong
    by: str                 # the witness that has to catch it: one of mutation.WITNESSES
    replace: tuple          # (file, text that is there once, other text)
    case: tuple = None      # the device and the case that suffice: ("edu", "load_values")
    control: str = None     # the mutant that it is put on top of
    backend: str = "sprg0"


BUFFER, PORTS = "nvme bar2", "pci-testdev bar1"

ACCESSORS = {
    "no-sync": Mutant(
        "no sync before the access", "ordering",
        ((WINDOW, '#define __SVM_SYNC	"	sync\\n"', '#define __SVM_SYNC	""'),)),
    "no-isync": Mutant(
        "no twi and isync after a load", "ordering",
        ((WINDOW, '"	twi	0,%[val],0\\n	isync\\n"', '""'),)),
    "no-twi": Mutant(
        "isync does not wait for the load", "ordering",
        ((WINDOW, '"	twi	0,%[val],0\\n	isync\\n"', '"	isync\\n"'),)),
    "no-mmiowb": Mutant(
        "an unlock does not order the store", "self-test",
        ((SPRG0, "(type val, volatile void __iomem *addr), \\\n"
          "			insn, how, mmiowb_set_pending())",
          "(type val, volatile void __iomem *addr), \\\n"
          "			insn, how, no_more())"),), ("edu", "mmiowb_pending")),
    "narrow-load": Mutant(
        "readw() reads a byte", "self-test",
        ((SPRG0, "DEF_SPRG0_READ(readw, u16, lhz,", "DEF_SPRG0_READ(readw, u16, lbz,"),),
        ("pci-testdev", "load_values")),
    "narrow-store": Mutant(
        "writew() writes a byte", "self-test",
        ((SPRG0, "DEF_SPRG0_WRITE(writew, u16, sth,", "DEF_SPRG0_WRITE(writew, u16, stb,"),),
        (BUFFER, "store_readback")),
    "little-for-big": Mutant(
        "readl_be() reads little-endian", "self-test",
        ((SPRG0, "DEF_SPRG0_READ(readl_be, u32, lwbrx,", "DEF_SPRG0_READ(readl_be, u32, lwz,"),),
        ("edu", "load_values")),
    "big-for-little": Mutant(
        "out_le32() writes big-endian", "self-test",
        ((SPRG0, "DEF_SPRG0_OUT(out_le32, u32, stw,", "DEF_SPRG0_OUT(out_le32, u32, stwbrx,"),),
        ("edu", "store_readback")),
    "interrupts-on": Mutant(
        "interrupts are not masked", "ordering",
        ((SPRG0, "#define SPRG0_EXPORT(symbol)",
          "#undef raw_local_irq_pmu_save\n"
          "#define raw_local_irq_pmu_save(flags) ((flags) = arch_local_save_flags())\n"
          "#define SPRG0_EXPORT(symbol)"),)),
    "profiling-on": Mutant(
        "performance-monitor interrupts are not masked", "ordering",
        ((SPRG0, "#define SPRG0_EXPORT(symbol)",
          "#undef raw_local_irq_pmu_save\n"
          "#define raw_local_irq_pmu_save(flags) raw_local_irq_save(flags)\n"
          "#define SPRG0_EXPORT(symbol)"),)),
    "interrupts-on-in-runs": Mutant(
        "interrupts are not masked in runs", "ordering",
        ((BULK, "#define DEF_RUN_IN(",
          "#undef raw_local_irq_pmu_save\n"
          "#define raw_local_irq_pmu_save(flags) ((flags) = arch_local_save_flags())\n"
          "#define DEF_RUN_IN("),)),
    "always-unmasked": Mutant(
        "an access enables interrupts that were disabled", "self-test",
        ((SPRG0, "#define SPRG0_EXPORT(symbol)",
          "#undef raw_local_irq_pmu_restore\n"
          "#define raw_local_irq_pmu_restore(flags) arch_local_irq_restore((flags) & 0)\n"
          "#define SPRG0_EXPORT(symbol)"),), ("edu", "irq_mask_kept")),
    "bit-of-built-word": Mutant(
        "one bit of the word put into SPRG0 is not that of the table", "load",
        ((WINDOW, '%[capture],%[capture],(" word " >> 16)\\n"',
          '%[capture],%[capture],((" word " >> 16) ^ 0x400)\\n"'),)),
    "no-eeh": Mutant(
        "all ones are not checked for a frozen device", "ordering",
        ((SPRG0, "if (EEH_POSSIBLE_ERROR((type)val, type))", "if (0)"),)),
    "all-ones-of-64": Mutant(
        "only 64 bits of ones count as all ones", "status",
        ((SPRG0, "(type)(val) == (type)~0)", "(val) == ~0UL)"),)),
    "not-counted": Mutant(
        "stores are not counted", "status",
        ((SPRG0, "	raw_cpu_inc(svm_counts.stores[SVM_WIDTH(sizeof(type))]);	\\\n", ""),)),
}

COPIES = {
    "run-of-65": Mutant(
        "the bound of a run is off by one", "ordering",
        ((BULK, "SVM_WINDOW_RUN);		\\\n"
          "		raw_local_irq_pmu_save(flags);				\\\n		val =",
          "SVM_WINDOW_RUN + 1);	\\\n"
          "		raw_local_irq_pmu_save(flags);				\\\n		val ="),)),
    "run-of-63": Mutant(
        "a run leaves its last element out", "self-test",
        ((BULK, "(addr, buf, n);			\\\n		raw_cpu_add(svm_counts.bulk_stores",
          "(addr, buf, n - (n > 1));			\\\n"
          "		raw_cpu_add(svm_counts.bulk_stores"),), (BUFFER, "string_values")),
    "step-short": Mutant(
        "memset_io() goes back one element after each run", "self-test",
        ((BULK, "addr += n * (bytes);", "addr += (n - 1) * (bytes);"),), (BUFFER, "copy_fuzz")),
    "wide-copy": Mutant(
        "memcpy_toio() makes accesses of 8 bytes, as the kernel's does not", "oracle",
        ((BULK, "copy_to(to, from, n, false, _RET_IP_)", "copy_to(to, from, n, true, _RET_IP_)"),),
        (BUFFER, "copy_fuzz")),
    "narrow-copy": Mutant(
        "64-bit copies make accesses of 4 bytes where 8 would do", "oracle",
        ((BULK, "(__force unsigned long)addr | 8)", "(__force unsigned long)addr | 4)"),),
        (BUFFER, "copy_fuzz")),
    "no-last-sync": Mutant(
        "no sync after a string of stores", "ordering",
        ((BULK, "run_outs_##bytes(addr, buf, count);			\\\n	sync_device();",
          "run_outs_##bytes(addr, buf, count);			\\\n"),)),
    "no-wait": Mutant(
        "nothing waits for the last of a string of loads", "ordering",
        ((BULK, "	svm_window_wait(last);						\\\n", ""),)),
    "no-eieio": Mutant(
        "the loads of a run are not ordered", "windows",
        ((WINDOW, '"	eieio\\n"', '""'),)),
    "no-eeh-in-strings": Mutant(
        "a string of loads does not check for a frozen device", "ordering",
        ((BULK, "if (EEH_POSSIBLE_ERROR(last, type))", "if (0)"),)),
    "no-eeh-in-copies": Mutant(
        "memcpy_fromio() does not check for a frozen device", "ordering",
        ((BULK, "if (n >= 4 && EEH_POSSIBLE_ERROR(", "if (0 && EEH_POSSIBLE_ERROR("),)),
    "halves-swapped": Mutant(
        "the halves of 64 bits of a port are swapped", "self-test",
        (("accessors/port.c", "return low | high << 32;", "return high | low << 32;"),),
        (PORTS, "port_values")),
    "string-of-bytes": Mutant(
        "insw() reads bytes", "self-test",
        (("accessors/port.c", "DEF_PORT_INS(insw, readsw)", "DEF_PORT_INS(insw, readsb)"),),
        (PORTS, "string_values")),
}

DETOURS = {
    "detour-order": Mutant(
        "big-endian accessors are little-endian with hcall", "self-test",
        ((DETOUR, "return how & SVM_BIG ? swab64(val) >> (64 - 8 * (how & SVM_BYTES)) : val;",
          "return val;"),), ("edu", "load_values"), backend="hcall"),
    "detour-no-mmiowb": Mutant(
        "an unlock does not order a store made by hcall", "self-test",
        ((DETOUR, "	if (how & SVM_ORDERED)\n		mmiowb_set_pending();\n", ""),),
        ("edu", "mmiowb_pending"), backend="hcall"),
    "detour-no-sync": Mutant(
        "no sync before a load by hcall", "ordering",
        ((DETOUR, "		mb();	/* as the sync before the kernel's own load */\n",
          "		barrier();\n"),)),
}

SELFTEST = {
    "load-check-blind": Mutant(
        "the check at load does not look whether SPRG0 is restored", "control",
        (("capture/table.c", "if (text[restore] != INSN_MTSPRG0(saved))", "if (false)"),),
        control="no-restore"),
    "blind-to-values": Mutant(
        "a wrong value is taken for right", "control",
        ((TALLY, "if (got == expected)", "if (true)"),), ("edu", "load_values"),
        "little-for-big"),
    "blind-to-failures": Mutant(
        "what has failed is reported as ok", "control",
        ((RUN, "if (run->failures)\n", "if (run->failures > 1000)\n"),), ("edu", "load_values"),
        "little-for-big"),
    "blind-to-sprg0": Mutant(
        "SPRG0 is not looked at", "control",
        ((STATE, "if (after != priors[i])", "if (false)"),), ("edu", "sprg0_kept"),
        "no-restore"),
    "blind-to-mmiowb": Mutant(
        "the mark for mmiowb() is not looked at", "control",
        ((STATE, "if (!pending)", "if (false)"),), ("edu", "mmiowb_pending"), "no-mmiowb"),
    "blind-to-masks": Mutant(
        "the interrupt mask is not looked at", "control",
        ((STATE, "if (before != after)", "if (false)"),), ("edu", "irq_mask_kept"),
        "always-unmasked"),
    "blind-to-bytes": Mutant(
        "what was copied is not looked at", "control",
        (("selftest/case_bulk.c", "	if (i < n)\n", "	if (false)\n"),),
        (BUFFER, "copy_fuzz"), "step-short"),
    "case-left-out": Mutant(
        "load_values no longer runs on pci-testdev", "plan",
        ((RUN, '{ "load_values", TESTDEV | EDU,', '{ "load_values", EDU,'),),
        ("pci-testdev", "load_values")),
    "few-copies": Mutant(
        "copy_fuzz makes a dozen copies", "plan",
        (("selftest/case_bulk.c", "#define FUZZ_CASES	12000", "#define FUZZ_CASES	12"),),
        (BUFFER, "copy_fuzz")),
    "counts-twice": Mutant(
        "each load is counted twice", "oracle",
        ((TALLY, "	tally->accesses++;\n	return op->load(",
          "	tally->accesses += 2;\n	return op->load("),), ("edu", "load_values")),
    "tests-the-kernel": Mutant(
        "the loads that are tested are the kernel's", "oracle",
        ((TALLY, "return op->load(", "return op->kernel("),), ("edu", "load_values")),
}

INPUT = {
    "unaligned-errno": Mutant(
        "an unaligned offset is -ERANGE", "fuzzer",
        ((ACCESS, "is not a multiple of %u bytes\", offset, bytes);\n		return -EINVAL;",
          "is not a multiple of %u bytes\", offset, bytes);\n		return -ERANGE;"),)),
    "outside-errno": Mutant(
        "outside the BAR is -EINVAL", "fuzzer",
        ((ACCESS, "return -ERANGE;", "return -EINVAL;"),)),
    "gone-errno": Mutant(
        "a device that has gone is -EIO", "fuzzer",
        ((FILES, "		return -ENODEV;", "		return -EIO;"),)),
    "too-wide": Mutant(
        "a value that does not fit is cut off", "fuzzer",
        ((ACCESS, "if (store && val & ~svm_width_mask(bytes))", "if (false)"),)),
    "decimal-only": Mutant(
        "an offset is taken for decimal", "fuzzer",
        ((ACCESS, "kstrtou64(word[1], 0, &offset)", "kstrtou64(word[1], 10, &offset)"),)),
    "zero-byte": Mutant(
        "a command may have a zero byte, and anything after it", "fuzzer",
        ((FILES, "if (strlen(command) != count)", "if (false)"),)),
    "longer": Mutant(
        "a command may be twice as long", "fuzzer",
        ((FILES, "if (count > COMMAND_MAX)", "if (count > 2 * COMMAND_MAX)"),)),
    "no-threads": Mutant(
        "a stress may have 0 threads", "fuzzer",
        ((RUN, "	       *to && *to <= most;", "	       *to <= most;"),)),
    "blank-of-latin-1": Mutant(
        "byte 0xa0 divides words", "fuzzer",
        (("selftest/words.h", '" \\t\\n"', '" \\t\\n\\xa0"'),)),
    "answer-lost": Mutant(
        "what is not understood changes what access reads", "fuzzer",
        ((ACCESS, '		svm_bar_notice(bar, "not understood: " USAGE);\n',
          "		bar->answer[0] = 0;\n"),)),
    "results-lost": Mutant(
        "a refused run changes what results reads", "fuzzer",
        ((FILES, "		err = PTR_ERR(results);\n",
          "		err = PTR_ERR(results);\n		svm_ktap_free(bar->results);\n"
          "		bar->results = NULL;\n"),)),
    "parameter-errno": Mutant(
        "a backend that there is not is -ENOENT", "parameters",
        (("backend/choice.c", "			return -EINVAL;", "			return -ENOENT;"),)),
    "loud": Mutant(
        "bad input is a warning", "fuzzer",
        (("selftest/bar.c", "pr_notice(", "pr_warn("),)),
}
