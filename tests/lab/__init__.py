# SPDX-License-Identifier: GPL-2.0
"""The test lab: builds the module for Debian's ppc64le kernels and boots them in QEMU.

Everything is made from Debian packages, below build/, and nothing is installed on the host.
Start reading at kernels.py (what can be tested), build.py (a module) and guest.py (a machine).
"""
