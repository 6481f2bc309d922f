# SPDX-License-Identifier: GPL-2.0-only
#
# kvmxx: kvm-intel.ko in C++20. 'make help' lists the targets.

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := all

include $(sort $(wildcard scripts/*/*.mk selftests/*/*.mk))

.PHONY: all clean help

all: modules ## Build kvm-intel.ko (the default)

clean: ## Remove everything that was built
	$(Q)rm -rf build kvm-intel.ko kvm-intel.mod kvm-intel.mod.c modules.order Module.symvers .tmp_*
	$(Q)find . -name .git -prune -o \( -name '*.o' -o -name '.*.cmd' -o -name '.*.d' -o -name 'constants.s' -o -name __pycache__ \) -prune -exec rm -rf {} +

help: ## Print this table
	@scripts/make/help $(MAKEFILE_LIST)
