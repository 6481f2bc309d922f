# SPDX-License-Identifier: GPL-2.0-only
#
# The module and its bindings. KVER= names an installed kernel's headers, KDIR= any build tree.

Q := $(if $(filter 1,$(V)),,@)

KDIR_GIVEN := $(KDIR)
ifdef KDIR
KVER ?= $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h 2>/dev/null)
else
KVER ?= $(shell scripts/make/select-kernel 2>/dev/null)
endif
KVER := $(KVER)
KDIR ?= /lib/modules/$(KVER)/build
OUT  := build/$(KVER)

HOSTCXX ?= g++
BINDGEN := build/bindgen
BINDGEN_SOURCES := $(wildcard scripts/bindgen/*.cpp scripts/bindgen/*.hpp)
ROOTS := src/kernel/bindings/roots.txt

export BTF_VMLINUX BTF_KVM

.PHONY: modules bindings kernel-tree FORCE

# No BTF of the module itself: that would need the vmlinux file, which headers do not have.
modules: bindings ## Build kvm-intel.ko for one kernel, also left in build/RELEASE/
	+$(Q)$(MAKE) -C $(KDIR) M=$(CURDIR) KVMXX_OUT=$(CURDIR)/$(OUT) CONFIG_DEBUG_INFO_BTF_MODULES= modules
	$(Q)cmp -s kvm-intel.ko $(OUT)/kvm-intel.ko || cp kvm-intel.ko $(OUT)/

bindings: kernel-tree $(OUT)/bindings.stamp ## Generate build/RELEASE/kernel.hpp from the kernel's BTF

# One sentence for what is missing, instead of Kbuild's many.
kernel-tree:
	$(Q)$(if $(KDIR_GIVEN),[ -n "$(KVER)" ] || { echo "make: KDIR=$(KDIR) is not a configured kernel tree: it has no include/generated/utsrelease.h" >&2; exit 1; },[ -n "$(KVER)" ] || scripts/make/select-kernel)
	$(Q)[ -e $(KDIR)/Module.symvers ] || { echo "make: $(KDIR) has no Module.symvers: $(if $(KDIR_GIVEN),build that kernel first,apt install linux-headers-$(KVER))" >&2; exit 1; }

$(BINDGEN): $(BINDGEN_SOURCES)
	@echo '  HOSTCXX $@'
	$(Q)[ -e /usr/include/bpf/btf.h ] || { echo "make: libbpf's headers are missing: apt install libbpf-dev" >&2; exit 1; }
	$(Q)mkdir -p $(@D)
	$(Q)$(HOSTCXX) -std=c++20 -O2 -Wall -Wextra -Werror -o $@ $(filter %.cpp,$^) -lbpf

# Which BTF was asked for: changes when that does.
$(OUT)/btf.source: FORCE | kernel-tree
	$(Q)mkdir -p $(@D)
	$(Q)echo '$(BTF_VMLINUX) $(BTF_KVM)' | cmp -s - $@ || echo '$(BTF_VMLINUX) $(BTF_KVM)' >$@

$(OUT)/btf.stamp: $(OUT)/btf.source scripts/make/btf $(wildcard $(KDIR)/Module.symvers $(BTF_VMLINUX) $(BTF_KVM))
	@echo '  BTF     $(OUT)'
	$(Q)scripts/make/btf $(KVER) $(OUT)
	$(Q)touch $@

# bindgen leaves unchanged headers alone, so that nothing is rebuilt for them: hence the stamp.
$(OUT)/bindings.stamp: $(BINDGEN) $(ROOTS) $(OUT)/btf.stamp
	@echo '  BINDGEN $(OUT)/kernel.hpp'
	$(Q)$(BINDGEN) --vmlinux $(OUT)/vmlinux.btf --module $(OUT)/kvm.btf --symvers $(KDIR)/Module.symvers \
		--roots $(ROOTS) --header $(OUT)/kernel.hpp --layout $(OUT)/layout.h --kernel $(KVER)
	$(Q)touch $@
