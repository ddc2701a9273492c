# SPDX-License-Identifier: GPL-2.0
# The menu; "make help" prints it. How the module is built is in Kbuild.

KERNELDIR ?= /lib/modules/$(shell uname -r)/build
DESTDIR ?=
DEPMOD ?= depmod

# Elsewhere than on ppc64le this is a cross build; Debian's names are the default.
ifneq ($(shell uname -m),ppc64le)
CROSS_COMPILE ?= powerpc64le-linux-gnu-
export CROSS_COMPILE
endif

# Not the first python3 on the PATH: only the distribution's own sees its pytest.
PYTHON ?= /usr/bin/python3
PYTEST = $(PYTHON) -B -m pytest -p no:cacheprovider tests

# A blank ends a name, for Kbuild and for make, and a colon a target: both fail somewhere else, with
# another message.
BAD_PATHS := $(strip $(foreach name,CURDIR KERNELDIR DESTDIR,\
	$(if $(word 2,$(subst :, ,[$($(name))])),$(name)="$($(name))")))
ifneq ($(BAD_PATHS),)
$(error $(BAD_PATHS): nothing is built in or for a path with a blank or a colon. Take another)
endif

KMAKE = $(MAKE) -C $(KERNELDIR) M=$(CURDIR) ARCH=powerpc

.PHONY: module
module: check-kerneldir ## build svm_mmio.ko for KERNELDIR (default: the running kernel)
	$(KMAKE) modules

.PHONY: install
install: module ## install the module into KERNELDIR's kernel; DESTDIR is respected
	$(KMAKE) INSTALL_MOD_PATH=$(abspath $(DESTDIR)) INSTALL_MOD_DIR=updates modules_install
ifeq ($(DESTDIR),)
	$(DEPMOD) $$(cat $(KERNELDIR)/include/config/kernel.release)
endif

.PHONY: tool
tool: ## build the command tools/svm-mmio (installed by make -C tools install)
	@$(MAKE) -C tools

.PHONY: dkms-install
dkms-install: ## hand the sources to DKMS, for KERNELDIR's kernel and later ones; or to DESTDIR
	@DESTDIR=$(abspath $(DESTDIR)) KERNELDIR=$(KERNELDIR) packaging/dkms_install.sh

.PHONY: deb
deb: ## Debian packages, in build/deb
	@tests/setup.sh deb
	@packaging/deb.sh

.PHONY: deb-ppc64el
deb-ppc64el: ## the same for a guest of ppc64le, in build/deb; its Debian: SUITE=bookworm
	@tests/setup.sh deb-ppc64el
	@$(PYTHON) -B tests/deb_ppc64el.py $(SUITE)

.PHONY: rpm
rpm: ## RPM packages, in build/rpm
	@tests/setup.sh rpm
	@packaging/rpm.sh

.PHONY: demo
demo: ## what one modprobe does for a driver as it is shipped, in a guest that is an SVM
	@tests/setup.sh demo
	@$(PYTHON) -B tests/demo.py

.PHONY: demo-backends
demo-backends: ## each backend, under hypervisors that can and cannot fetch instructions
	@tests/setup.sh demo
	@$(PYTHON) -B tests/demo_backends.py

.PHONY: demo-svm
demo-svm: demo ## the same

.PHONY: demo-quick
demo-quick: ## run the self-test in a ppc64le guest, show what the oracle saw at each access
	@tests/setup.sh demo
	@$(PYTHON) -B tests/demo_quick.py

JOBS ?= $(shell tests/jobs.sh)
# tests/lab/reporting.py prints in place of dots, so there is nothing to fill up with percentages.
IN_PARALLEL = --numprocesses=$(JOBS) --dist=loadfile -o console_output_style=classic

.PHONY: check
check: ## all tests, JOBS files at a time (default: as the machine has processors and memory)
	@tests/setup.sh check
	@$(PYTEST) $(IN_PARALLEL)

.PHONY: check-quick
check-quick: ## the tests for between two edits: under three minutes once all is downloaded
	@tests/setup.sh check
	@$(PYTEST) $(IN_PARALLEL) -m quick

.PHONY: check-upstream
check-upstream: ## the patches for the kernel itself, upstream/: applied, built, and booted
	@tests/setup.sh check
	@UPSTREAM=1 $(PYTEST)/test_upstream.py tests/test_upstream_guest.py

.PHONY: check-debug
check-debug: ## all that the module does, on a kernel that looks for faults: KASAN, lockdep, kmemleak
	@tests/setup.sh check
	@DEBUG_KERNEL=1 $(PYTEST)/test_debug_kernel.py

.PHONY: check-matrix
check-matrix: ## the self-test on each kernel from 5.10 on, under the oracle: a table
	@tests/setup.sh check
	@$(PYTHON) -B tests/kernel_matrix.py

.PHONY: check-mutants
check-mutants: ## builds that are wrong in a known way; with SEED= and COUNT= some that a machine makes
	@tests/setup.sh check
ifneq ($(COUNT),)
	@$(PYTHON) -B tests/generated_mutants.py $(or $(SEED),1) $(COUNT) $(AREAS)
else
	@$(PYTHON) -B tests/mutation.py
endif

.PHONY: coverage
coverage: ## which lines of the module run on the debug kernel: a table, in build/coverage.txt
	@tests/setup.sh check
	@DEBUG_KERNEL=1 $(PYTEST)/test_debug_kernel.py
	@cat build/coverage.txt

.PHONY: bench
bench: ## what each accessor costs: a table, docs/bench.csv and docs/bench.svg
	@tests/setup.sh demo
	@$(PYTHON) -B tests/bench.py

.PHONY: lint
lint: ## checkpatch, sparse, W=1, kernel-doc, shellcheck, flake8
	@tests/setup.sh lint
	@$(PYTHON) -B tests/lint.py

.PHONY: api-docs
api-docs: ## the API reference, docs/api.rst, from the comments in the sources
	@tests/setup.sh docs
	@$(PYTHON) -B tests/api_docs.py

.PHONY: clean
clean: ## remove what "make" built here; downloads and test builds in build/ stay
	@rm -f tools/svm-mmio
	@find . -path ./build -prune -o -path ./.git -prune -o -type f \( \
		-name '*.o' -o -name '*.o.d' -o -name '*.ko' -o -name '*.mod' -o -name '*.mod.c' -o \
		-name '.*.cmd' -o -name '.module-common.*' -o -name modules.order -o \
		-name Module.symvers \) -exec rm -f {} +

.PHONY: distclean
distclean: clean ## the same, and build/ with all downloads too
	@rm -rf build

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

.PHONY: check-kerneldir
check-kerneldir:
	@if [ ! -e $(KERNELDIR)/include/config/auto.conf ]; then \
		echo "KERNELDIR=$(KERNELDIR) is not a configured kernel build tree."; \
		echo "Install the headers of your kernel (Debian: linux-headers-RELEASE; Fedora and RHEL:"; \
		echo "kernel-devel; SUSE: kernel-default-devel), or name another tree: make KERNELDIR=..."; \
		exit 1; \
	elif ! grep -q '^CONFIG_PPC64=y' $(KERNELDIR)/include/config/auto.conf || \
	     ! grep -q '^CONFIG_CPU_LITTLE_ENDIAN=y' $(KERNELDIR)/include/config/auto.conf; then \
		echo "KERNELDIR=$(KERNELDIR) is not for ppc64le, the only architecture supported."; \
		echo "To cross build: make KERNELDIR=/path/to/ppc64le/headers CROSS_COMPILE=$(CROSS_COMPILE)"; \
		echo "To try the module on this machine, in QEMU: make demo"; \
		exit 1; \
	fi
