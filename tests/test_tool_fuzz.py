# SPDX-License-Identifier: GPL-2.0
"""svm-mmio audit survives any damaged module: no crash, no sanitizer's report, no endless run.

The seed is fixed and printed; SOAK=1 tries a hundred times as many files.
"""

import random
import struct
import subprocess

from lab import dropin, mutation, tool
from lab.soak import SOAK
from lab.stock import stock_modules

SEED = 0x5e7
FILES = 100000 if SOAK else 1000
BATCH = 250
SANITIZERS = {"ASAN_OPTIONS": "exitcode=99:allocator_may_return_null=1",
              "UBSAN_OPTIONS": "exitcode=99:print_stacktrace=1"}
LIMIT = 300         # seconds for a batch; it takes about ten where nothing else runs


def sections(data):
    """Where the section headers of a whole file are, and for each where its content is."""
    table, = struct.unpack_from("<Q", data, 40)
    count, = struct.unpack_from("<H", data, 60)
    return [(header, *struct.unpack_from("<QQ", data, header + 24))
            for header in range(table, table + 64 * count, 64)]


def flip(rng, data, _):
    """Some bits, anywhere."""
    for _ in range(rng.randint(1, 64)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def header(rng, data, _):
    """A field of the ELF header."""
    at = rng.randrange(4, 64)
    data[at] = rng.choice((0, 1, 0x7f, 0x80, 0xff, rng.randrange(256)))


def section(rng, data, layout):
    """A field of a section header, which is what refers to the rest of the file."""
    for _ in range(rng.randint(1, 4)):
        entry = rng.choice(layout)[0]
        offset, size = rng.choice(((0, 4), (4, 4), (8, 8), (24, 8), (32, 8), (40, 4), (44, 4),
                                   (48, 8), (56, 8)))
        value = rng.choice((0, 1, 0xffff, 0xffffffff, (1 << 64) - 1, 1 << 63, len(data),
                            rng.randrange(len(data)), rng.getrandbits(64)))
        data[entry + offset:entry + offset + size] = (value & (1 << 8 * size) - 1).to_bytes(
            size, "little")


def table_entry(rng, data, layout):
    """Words in a symbol table, a relocation table or the table of windows."""
    for _ in range(rng.randint(1, 50)):
        _, at, size = rng.choice(layout)
        if size >= 8 and at + size <= len(data):
            value = rng.choice((0, (1 << 64) - 1, 1 << 62, rng.getrandbits(64),
                                rng.getrandbits(20)))
            struct.pack_into("<Q", data, at + rng.randrange(size - 7), value)


def damaged(rng, original):
    data = bytearray(original)
    for how in rng.choices((flip, header, section, table_entry), k=rng.choice((1, 1, 2, 3))):
        how(rng, data, sections(original))
    if rng.random() < 0.2:
        del data[rng.randrange(len(data)):]
    return bytes(data)


def test_damaged_modules(kernel, ko, tmp_path):
    print(f"seed {SEED:#x}, {FILES} files")
    program = tool.host(sanitize=True)
    # With debug information the svm_mmio is too large to be quick: strip three, keep one.
    originals = []
    for number, file in enumerate((ko, mutation.build(kernel, ["no-restore"])["no-restore"],
                                   stock_modules(kernel, "e1000")["e1000"])):
        stripped = tmp_path / f"original-{number}"
        subprocess.run(["powerpc64le-linux-gnu-strip", "-g", "-o", stripped, file], check=True)
        originals.append(stripped.read_bytes())
    originals.append(dropin.module(kernel).ko["svm_mmio"].read_bytes())
    rng = random.Random(SEED)
    verdicts = {}
    for start in range(0, FILES, BATCH):
        directory = tmp_path / "batch"
        directory.mkdir()
        for number in range(start, min(start + BATCH, FILES)):
            original = rng.choices(originals, weights=(5, 3, 3, 1))[0]
            (directory / f"{number}.ko").write_bytes(damaged(rng, original))
        done = tool.call("--json", "audit", str(directory), program=program, timeout=LIMIT,
                         env=SANITIZERS)
        assert done.rc in (0, 1, 3) and done.out, (
            f"batch from {start}, seed {SEED:#x}:\n{done.err[-4000:]}")
        parsed = tool.json.loads(done.out)
        assert parsed["totals"]["modules"] == len(list(directory.iterdir()))
        for module in parsed["modules"]:
            verdicts[module["verdict"]] = verdicts.get(module["verdict"], 0) + 1
            assert (module["verdict"] == "error") == (module["error"] is not None)
        for file in directory.iterdir():
            file.unlink()
        directory.rmdir()
    print(verdicts)
    # Negative control: the damage is such that some are refused, and some are still judged.
    assert verdicts["error"] > FILES // 20 and verdicts["unsafe"] > FILES // 20


def test_the_sanitizers_are_in(ko):
    """Negative control: the program is one that would report."""
    program = tool.host(sanitize=True)
    symbols = subprocess.run(["nm", program], check=True, capture_output=True, text=True).stdout
    assert "__asan_init" in symbols and "__ubsan_handle" in symbols
    assert tool.audit_one(ko, program=program)["verdict"] == "safe"
