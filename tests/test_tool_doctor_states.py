# SPDX-License-Identifier: GPL-2.0
"""svm-mmio doctor says what the files of a guest say, whatever that is: each state of the module,
the guard, the drivers, the programs and the boot, to the letter.

The files are the test's own (tests/lab/fake_sysfs.py). test_tool_doctor.py has guests.
"""

import subprocess

import pytest
from lab import tool
from lab.fake_sysfs import DEBUG, RELEASE, Sysfs
from lab.initramfs import DATA, newc
from test_tool_doctor import CANNOT, TO_DO, USAGE, WELL, examine
from test_tool_sysfs import status

pytestmark = pytest.mark.quick

GUARD = {"guard": "on", "guard_since": "3", "guard_windows": "2", "guard_mappings_found": "4",
         "guard_ports_found": "1", "guard_mappings_made": "5", "guard_bound_before": "-",
         "guard_loads": "60", "guard_stores": "7", "guard_user": "on"}
SECURE = {"secure": "yes", "probe_register": "0000:00:01.0 BAR 0 + 0x4",
          "probe_sprg0": "works, 3 us", "probe_hcall": "not answered"}
TESTED = [("sprg0", "works, 3 us, on 0000:00:01.0 BAR 0 + 0x4"), ("hcall", "not answered")]
KERNEL_SAYS = "devices/system/cpu/svm"


@pytest.fixture(name="it")
def sysfs(tmp_path):
    return Sysfs(tmp_path)


@pytest.fixture(name="bare")
def not_loaded(tmp_path):
    return Sysfs(tmp_path, loaded=False)


def doctor(it, **changed):
    """What it says: a Found. If the module is loaded its status has what is @changed."""
    it.write(f"{DEBUG}/status", status(**changed))
    return look(it)


def look(it):
    """What it says of what is there: a Found."""
    return examine(lambda *options: it.call(*options, "doctor"))


def check(found, name):
    """The one check of that name: (state, found, next, items)."""
    one = found.one(name)
    return (one["state"], one["found"], one["next"],
            [(item["name"], item["what"]) for item in one["items"]])


# ---- To the letter.

def test_all_is_well(it):
    found = doctor(it, **GUARD, **SECURE)
    assert found.rc == WELL and found.text == """\
ok       guest     an SVM, a Secure Virtual Machine (MSR[S], bit 41)
ok       module    svm_mmio 0.1.0 is loaded
ok       backend   sprg0: parameter backend names it
                     sprg0  works, 3 us, on 0000:00:01.0 BAR 0 + 0x4
                     hcall  not answered
ok       guard     on since 3 s after the boot, over 2 windows of PCI
                     mappings  4 there before (1 of ports), 5 made since
ok       accesses  60 loads and 7 stores made, none left to the kernel
ok       programs  none has mapped a device

All is well.
"""
    assert found.said["status"]["guard_loads"] == 60


def test_not_all_is_well(it):
    """Lines are filled, and no longer than they may be."""
    it.place("proc/7/maps", maps("/dev/uio0"))
    it.place("proc/7/comm", "spinner\n")
    found = doctor(it, **{**GUARD, "guard_left_foreign": "2", "guard_left_refused": "13",
                          "guard_user": "off"}, secure="yes")
    assert found.rc == TO_DO and found.text == """\
ok       guest     an SVM, a Secure Virtual Machine (MSR[S], bit 41)
ok       module    svm_mmio 0.1.0 is loaded
note     backend   sprg0: nobody has tried whether the ultravisor reads SPRG0
                   -> svm-mmio probe
ok       guard     on since 3 s after the boot, over 2 windows of PCI
                     mappings  4 there before (1 of ports), 5 made since
to do    accesses  the guard has left some to the kernel
                     13  that the mapping, or the hypervisor, does not allow
                     2   of devices that are not behind a PCI host bridge
                   -> dmesg names the drivers: docs/admin.md, "Messages"
to do    programs  these have mapped a device, and nothing guards them
                     7 (spinner)  /dev/uio0
                   -> guard them, or end them: docs/guard.md, "User space"

2 things to do.
"""


@pytest.mark.parametrize("length", range(44, 59))
def test_where_lines_end(it, length):
    """A word that fits to the last column is there, and one that does not is below."""
    words = "x" * (length - 5) + " yyyy z"
    found = doctor(it, reason=words)
    first = f"ok       backend   sprg0: {words}"
    for end in (first, first[:-2], first[:-7]):
        if len(end) <= 79:
            break
    rest = first[len(end):].strip()
    below = f"\n{'':19}{rest}\n" if rest else "\n"
    assert f"\n{end}{below}ok       guard" in found.text, found.text


def test_colours(it):
    it.write(f"{DEBUG}/status", status(secure="yes"))
    out = it.call("--colour=always", "doctor").out
    for part in ("\033[32mok      \033[0m guest ", "\033[33mnote    \033[0m backend ",
                 "\033[31mto do   \033[0m guard ", "  \033[1m->\033[0m svm-mmio probe\n",
                 "\n\033[31m1 thing to do.\033[0m\n"):
        assert part in out, out
    it.write(f"{DEBUG}/status", status())
    assert it.call("--colour=always", "doctor").out.endswith("\n\033[32mAll is well.\033[0m\n")
    (it.top / DEBUG / "status").unlink()
    assert it.call("--colour=always", "doctor").out.endswith(
        "\n\033[33mNot all could be looked at.\033[0m\n")


# ---- The guest, and what stands in the way to the module.

@pytest.mark.parametrize("says, rc, guest, module", [
    (None, TO_DO, ("unknown", "whether it is an SVM this kernel does not say",
                   "the module says it: see below", []), "to do"),
    ("0\n", WELL, ("ok", "a normal guest, no SVM (so says the kernel)", None, []), "ok"),
    ("1\n", TO_DO, ("ok", "an SVM, a Secure Virtual Machine (so says the kernel)", None, []),
     "to do")])
def test_not_loaded(bare, says, rc, guest, module):
    if says:
        bare.write(KERNEL_SAYS, says)
    found = look(bare)
    assert found.rc == rc and check(found, "guest") == guest and found.state("module") == [module]
    assert "status" not in found.said
    if module == "ok":
        assert check(found, "module") == (
            "ok", "not loaded, and not needed in a normal guest", None, [])
    else:
        assert check(found, "module") == (
            "to do", "svm_mmio is not loaded",
            "modprobe svm_mmio (to install it: docs/admin.md)", [])
    # What nothing guards is looked for in an SVM, and nowhere else.
    assert set(found.checks) == {"guest", "module", *(
        ("drivers", "programs") if says == "1\n" else ())}


def test_the_module_has_said_so_at_boot(bare):
    bare.place("run/svm-mmio-normal-guest", "")
    found = look(bare)
    assert found.rc == WELL and check(found, "guest") == (
        "ok", "a normal guest, no SVM (so said the module at boot)", None, [])


@pytest.mark.parametrize("mounts, filesystems, what, following", [
    ("", "nodev\tdebugfs\n", "debugfs is not mounted",
     "mount -t debugfs debugfs /sys/kernel/debug"),
    ("", None, "debugfs is not mounted", "mount -t debugfs debugfs /sys/kernel/debug"),
    ("", "nodev\ttracefs\n", "this kernel has no debugfs (CONFIG_DEBUG_FS)",
     "use a kernel that has it; the accessors work without"),
    (None, None, "/sys/kernel/debug/svm_mmio/status is not there though the module is loaded",
     "is debugfs=no-mount or debugfs=off on the kernel's command line? Boot without it")])
def test_nothing_to_ask(it, mounts, filesystems, what, following):
    if mounts is not None:
        it.place("proc/self/mounts", f"proc /proc proc rw 0 0\n{mounts}")
    if filesystems:
        it.place("proc/filesystems", filesystems)
    it.write(KERNEL_SAYS, "1\n")
    found = look(it)
    assert found.rc == CANNOT and check(found, "module") == ("unknown", what, following, [])
    assert found.text.endswith("\n\nNot all could be looked at.\n")
    assert not found.checks.get("drivers") and not found.checks.get("programs")
    # What the other commands say of the same.
    assert it.call("devices") == tool.Done(CANNOT, "", f"svm-mmio: {what}.\nNext: {following}\n")


def test_debugfs_that_is_elsewhere(it):
    it.place("proc/self/mounts", "proc /proc proc rw 0 0\nnone /tmp/d debugfs rw 0 0\n")
    it.place("tmp/d/svm_mmio/status", status())
    it.place("tmp/d/kprobes/enabled", "0\n")
    assert look(it).state("guest") == ["ok"]
    it.place("tmp/d/svm_mmio/status", status(**GUARD))
    assert look(it).state("guard") == ["to do"]


def test_a_file_that_cannot_be_read(it):
    it.write(f"{DEBUG}/status/x", "")
    found = look(it)
    assert check(found, "module") == (
        "unknown", "/sys/kernel/debug/svm_mmio/status cannot be read", "Is a directory", [])


def test_usage(it):
    assert it.call("doctor", "all") == tool.Done(
        USAGE, "", "svm-mmio: doctor takes no 'all'\n"
        "svm-mmio --help lists the commands and their options.\n")


# ---- The backend.

@pytest.mark.parametrize("changed, state, what, following", [
    ({}, "ok", "sprg0: parameter backend names it", None),
    ({"secure": "yes", "backend": "direct"}, "to do",
     "direct: this is an SVM, and backend direct captures nothing",
     "rmmod svm_mmio; modprobe svm_mmio backend=auto"),
    ({"hcall_errors": "1"}, "to do",
     "sprg0: the hypervisor has refused accesses (hcall_errors)",
     "dmesg names the first, with the driver that made it"),
    ({"secure": "yes"}, "note", "sprg0: nobody has tried whether the ultravisor reads SPRG0",
     "svm-mmio probe"),
    ({"secure": "yes", "backend": "direct", "guard": "the kernel itself"}, "ok",
     "direct: parameter backend names it", None),
    ({"version": None, "backend": None, "reason": None, "secure_by": None, "guard_reason": None},
     "ok", "?: ?", None)])
def test_backend(it, changed, state, what, following):
    found = doctor(it, **changed)
    assert check(found, "backend") == (state, what, following, [])


@pytest.mark.parametrize("changed, items", [
    (SECURE, TESTED), ({}, []), ({"probe_register": None}, [("sprg0", "not tried, on ?"),
                                                            ("hcall", "not tried")]),
    ({"probe_register": "none found", "probe_hcall": "works"},
     [("sprg0", "not tried: no register is harmless to read"), ("hcall", "works")])])
def test_what_the_search_has_found(it, changed, items):
    assert check(doctor(it, **changed), "backend")[3] == items


# ---- The guard.

@pytest.mark.parametrize("changed, state, what, following", [
    ({}, "ok", "off: auto", None),
    ({"secure": "yes"}, "to do", "off: auto",
     'docs/guard.md, "Where it cannot be", has what helps'),
    ({"secure": "yes", "guard_requested": "off"}, "to do", "off: auto",
     "load it without guard=off (is that in /etc/modprobe.d?)"),
    ({"secure": "yes", "backend": "direct"}, "to do", "off: auto",
     "it comes on with another backend: see above"),
    ({"secure": "yes", "guard": "the kernel itself"}, "ok", "auto", None)])
def test_guard_that_is_not_on(it, changed, state, what, following):
    found = doctor(it, **changed)
    assert check(found, "guard") == (state, what, following, [])
    assert not found.checks.get("accesses") and not found.checks.get("before")
    # Then it matters what is loaded, if there is nobody else to guard it.
    assert bool(found.checks.get("drivers")) == (state == "to do")
    assert bool(found.checks.get("programs")) == (changed.get("secure") == "yes")


def test_guard_in_a_normal_guest(it):
    found = doctor(it, **GUARD)
    assert found.state("guard") == found.state("accesses") == ["ok"]
    assert not found.checks.get("programs") and not found.checks.get("drivers")


@pytest.mark.parametrize("enabled, state", [("1\n", "ok"), (None, "ok"), ("0\n", "to do")])
def test_kprobes(it, enabled, state):
    if enabled:
        it.write("kernel/debug/kprobes/enabled", enabled)
    found = doctor(it, **GUARD)
    assert found.state("guard") == [state]
    if state == "to do":
        assert check(found, "guard") == (
            "to do", "on, but kprobes are off: new mappings are not guarded",
            "echo 1 >/sys/kernel/debug/kprobes/enabled; load it again", [])


def test_bound_before(it):
    found = doctor(it, **{**GUARD,
                          "guard_bound_before": "0000:00:01.0(e1000) 0001:00:02.0(nvme)"})
    assert check(found, "before") == (
        "note", "bound before the guard was on: not covered until then",
        "svm-mmio boot on: from the next boot on it comes first",
        [("0000:00:01.0", "e1000"), ("0001:00:02.0", "nvme")])
    assert not doctor(it, **GUARD).checks.get("before")


LEFT = {"guard_left_instruction": "by instructions that it cannot emulate",
        "guard_left_refused": "that the mapping, or the hypervisor, does not allow",
        "guard_left_unmapped": "where nothing is mapped: after iounmap()?",
        "guard_left_foreign": "of devices that are not behind a PCI host bridge"}


@pytest.mark.parametrize("keys", [*((key,) for key in LEFT), tuple(LEFT)])
def test_accesses_that_were_left(it, keys):
    found = doctor(it, **GUARD, **{key: str(3 + n) for n, key in enumerate(keys)})
    assert check(found, "accesses") == (
        "to do", "the guard has left some to the kernel",
        'dmesg names the drivers: docs/admin.md, "Messages"',
        [(str(3 + n), LEFT[key]) for n, key in enumerate(keys)])


# ---- The drivers.

UNSAFE = ["bl ioremap", "nop", "lwz 5,8(3)", "lwz 5,8(3)"]
MAPS = ["bl ioremap", "nop", "bl ioremap", "nop"]
ID = b"\x04\0\0\0\x14\0\0\0\x03\0\0\0GNU\0"


def module(directory, body, build_id=b""):
    """A module file with that text: its content."""
    source = directory / "module.s"
    source.write_text("\n".join([
        ".abiversion 2", ".text", ".globl f", ".type f,@function", "f:", *body, "blr",
        ".size f,.-f", '.section .note.gnu.build-id,"a",@note',
        *(f".byte {byte}" for byte in build_id), ""]), encoding="ascii")
    subprocess.run(["powerpc64le-linux-gnu-as", "-mlittle", "-o", directory / "module.o", source],
                   check=True)
    return (directory / "module.o").read_bytes()


def load(it, loaded, **files):
    """Let modules be loaded, and @files be below /lib/modules: {name: content}."""
    it.place("proc/modules", "".join(f"{name} 16384 0 - Live 0x0\n"
                                     for name in (*loaded, "svm_mmio")))
    for name, content in files.items():
        it.place(f"lib/modules/{RELEASE}/{name}.ko", content)
    it.write(KERNEL_SAYS, "1\n")


def test_drivers(it, tmp_path):
    """Each is judged by its file; that of svm_mmio, and what is not loaded, by nobody."""
    bad = module(tmp_path, UNSAFE)
    load(it, ["e1000", "only_maps", "quiet", "lost", "broken"], e1000=bad, svm_mmio=bad,
         not_loaded=bad, quiet=module(tmp_path, []), broken=b"\x7fELF",
         **{"only-maps": module(tmp_path, MAPS)})
    found = doctor(it, secure="yes")
    assert found.state("drivers") == ["to do", "note", "unknown"] and found.rc == TO_DO
    assert [(entry["found"], entry["next"]) for entry in found.checks["drivers"]] == [
        ("these make accesses that nothing captures",
         "switch the guard on, or rebuild them: docs/driver.md"),
        ("these map a device, and no access is seen",
         "switch the guard on, or look into their sources"),
        ("these cannot be judged", "svm-mmio audit FILE, of what was loaded")]
    assert found.items("drivers", "to do") == {"e1000": "unsafe without the guard: 2 accesses"}
    assert found.items("drivers", "note") == {"only_maps": "2 mappings"}
    unknown = found.items("drivers", "unknown")
    assert set(unknown) == {"lost", "broken"}
    assert unknown["lost"] == "it has no file below /lib/modules"
    assert "ELF" in unknown["broken"] or "short" in unknown["broken"], unknown


def test_drivers_without_the_module(bare, tmp_path):
    load(bare, ["e1000"], e1000=module(tmp_path, UNSAFE))
    assert check(look(bare), "drivers") == (
        "to do", "these make accesses that nothing captures",
        "load svm_mmio, or rebuild them: docs/driver.md",
        [("e1000", "unsafe without the guard: 2 accesses")])


@pytest.mark.parametrize("loaded, what", [
    ([], "no other module is loaded"),
    (["quiet", "calm"], "2 loaded, and no access that nothing captures")])
def test_drivers_that_are_safe(it, tmp_path, loaded, what):
    load(it, loaded, **dict.fromkeys(("quiet", "calm"), module(tmp_path, [])))
    assert check(doctor(it, secure="yes"), "drivers") == ("ok", what, None, [])


def test_which_file_was_loaded(it, tmp_path):
    """The one with the kernel's build ID, wherever it is."""
    ids = [ID + bytes([n]) * 20 for n in (1, 2)]
    load(it, ["e1000"], e1000=module(tmp_path, [], ids[0]))
    it.write("module/e1000/notes/.note.gnu.build-id", ids[1])
    assert check(doctor(it, secure="yes"), "drivers")[3] == [
        ("e1000", "its file is not the one that was loaded")]
    for place in ("a", "z"):
        it.place(f"lib/modules/{RELEASE}/{place}/e1000.ko", module(tmp_path, UNSAFE, ids[1]))
        assert check(doctor(it, secure="yes"), "drivers")[3] == [
            ("e1000", "unsafe without the guard: 2 accesses")]
        (it.root / f"lib/modules/{RELEASE}/{place}/e1000.ko").unlink()


@pytest.mark.parametrize("name, file, found", [
    ("snd_hda", "snd-hda", True), ("snd_hda", "snd_hda", True), ("snd_hda", "snd_hda_intel", False),
    ("snd_hda", "snd+hda", False), ("a-b", "a_b", False), ("nvme", "nvme-core", False)])
def test_names_of_files(it, tmp_path, name, file, found):
    load(it, [name], **{file: module(tmp_path, [])})
    assert (doctor(it, secure="yes").state("drivers") == ["ok"]) == found


# ---- Programs.

BAR = "/sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/resource0"


def maps(*files):
    return "".join(f"7f00-7f10 rw-s 00000000 00:15 {inode}     {file}\n"
                   for inode, file in enumerate(("/bin/sh", *files, "[stack]"), 1))


@pytest.mark.parametrize("file, said", [
    (BAR, "0000:01:00.0/resource0"), (f"{BAR}_wc", "0000:01:00.0/resource0_wc"),
    ("/dev/uio3", "/dev/uio3"), ("/dev/vfio/12", "/dev/vfio/12"),
    ("anon_inode:[vfio-device]", "anon_inode:[vfio-device]"),
    ("/proc/bus/pci/00/01.0", "/proc/bus/pci/00/01.0"),
    ("/sys/devices/pci0000:00/0000:00:01.0/config", None), ("/dev/ui", None),
    ("/sys/devices/platform/x/resource0", None), ("anon_inode:[eventpoll]", None),
    ("/dev/vfi/1", None), ("/proc/bus/input/devices", None), ("/x/dev/uio3", None)])
def test_what_a_program_has_mapped(it, file, said):
    it.place("proc/12/maps", maps(file))
    it.place("proc/12/comm", "prog\n")
    found = doctor(it, secure="yes", **GUARD)
    assert check(found, "programs") == (
        ("ok", "these have mapped a device, and are guarded", None, [("12 (prog)", said)])
        if said else ("ok", "none has mapped a device", None, []))


def test_programs_without_the_module(bare):
    bare.place("proc/12/maps", maps("/dev/uio0"))
    bare.write(KERNEL_SAYS, "1\n")
    assert check(look(bare), "programs")[:2] == (
        "to do", "these have mapped a device, and nothing guards them")


def test_programs(it):
    """Each mapping once, in all its pieces; a program that is gone is none."""
    it.place("proc/12/maps", maps("/dev/uio0", "/dev/uio0", "/dev/uio1", BAR))
    it.place("proc/x12/maps", maps("/dev/uio0"))
    it.place("proc/13/comm", "gone\n")
    found = doctor(it, secure="yes", **{**GUARD, "guard_user": "off"})
    assert check(found, "programs") == (
        "to do", "these have mapped a device, and nothing guards them",
        'guard them, or end them: docs/guard.md, "User space"',
        [("12 (?)", "/dev/uio0"), ("12 (?)", "/dev/uio1"), ("12 (?)", "0000:01:00.0/resource0")])


# ---- What is switched on for the next boot.

def test_boot(it):
    """Of several kernels those are named that are worst off."""
    assert not doctor(it, secure="yes").checks.get("boot")
    state = "etc/modprobe.d/svm-mmio-boot.conf"
    it.place(state, "")
    text = b"vermagic=%s " % RELEASE.encode() + ID + bytes(20)
    it.place(f"lib/modules/{RELEASE}/modules.builtin", "")
    it.place(f"lib/modules/{RELEASE}/svm_mmio.ko", text)
    members = {state: (DATA, b""), "usr/lib/svm-mmio/load-first": (DATA, b""),
               "usr/lib/dracut/hooks/cmdline/00-svm-mmio.sh": (DATA, b""),
               f"usr/lib/modules/{RELEASE}/svm_mmio.ko": (DATA, text)}
    it.place(f"boot/initramfs-{RELEASE}.img", newc(members))
    assert check(doctor(it, secure="yes"), "boot") == (
        "ok", "in an SVM svm_mmio is loaded before any driver", None, [])
    (it.root / f"boot/initramfs-{RELEASE}.img").unlink()
    found = check(doctor(it, secure="yes"), "boot")
    assert found[:3] == ("note", "in an SVM svm_mmio is to be loaded before any driver",
                         "svm-mmio boot status") and [name for name, _ in found[3]] == [RELEASE]
    it.place("lib/modules/6.0.0-x/modules.builtin", "")
    it.place("boot/initrd.img-6.2.0-y", "?")
    it.place("lib/modules/6.2.0-y/modules.builtin", "")
    found = check(doctor(it, secure="yes"), "boot")
    assert found[0] == "to do" and found[3] == [
        ("6.0.0-x", "there is no module svm_mmio for this kernel: it boots without")]
    (it.root / "lib/modules/6.0.0-x/modules.builtin").unlink()
    found = doctor(it)
    assert found.rc == CANNOT and [item["name"] for item in found.one("boot")["items"]] == [
        "6.2.0-y"]
    # Without the module, too.
    (it.top / "module/svm_mmio/refcnt").unlink()
    (it.top / "module/svm_mmio").rmdir()
    assert look(it).state("boot") == ["unknown"]
