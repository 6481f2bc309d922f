// SPDX-License-Identifier: GPL-2.0-only
#include "vm.hpp"

#include <cstdio>
#include <fcntl.h>

namespace kvm {

Fd open_dev_kvm()
{
	Fd fd(open("/dev/kvm", O_RDWR | O_CLOEXEC));
	if (fd.get() < 0)
		tap::fail(std::string("/dev/kvm: ") + strerror(errno) +
			  "; load kvm.ko and a kvm-intel.ko first");
	return fd;
}

int users_of_module()
{
	int users = -1;
	if (FILE *file = fopen("/sys/module/kvm_intel/refcnt", "r")) {
		if (fscanf(file, "%d", &users) != 1)
			users = -1;
		fclose(file);
	}
	return users;
}

int extension(const Fd &fd, unsigned long capability)
{
	return KVM_CALL(fd, KVM_CHECK_EXTENSION, capability);
}

Cpuid::Cpuid(unsigned entries)
    : storage_((sizeof(kvm_cpuid2) + entries * sizeof(kvm_cpuid_entry2)) / 8 + 1)
{
	get()->nent = entries;
}

Cpuid Cpuid::supported()
{
	Cpuid table(256);
	KVM_CALL(open_dev_kvm(), KVM_GET_SUPPORTED_CPUID, table.get());
	return table;
}

kvm_cpuid_entry2 *Cpuid::find(std::uint32_t function, std::uint32_t index)
{
	kvm_cpuid2 &table = *get();
	for (std::uint32_t i = 0; i < table.nent; i++)
		if (table.entries[i].function == function && table.entries[i].index == index)
			return &table.entries[i];
	return nullptr;
}

Vm::Vm(std::size_t memory) : fd_(KVM_CALL(open_dev_kvm(), KVM_CREATE_VM, 0UL)), memory_(memory)
{
	std::uint64_t map = identity_map_address;
	KVM_CALL(fd_, KVM_SET_IDENTITY_MAP_ADDR, &map);
	KVM_CALL(fd_, KVM_SET_TSS_ADDR, tss_address);
	set_slot(0, 0, memory, memory_.data());
}

int Vm::try_set_slot(std::uint32_t slot, std::uint64_t gpa, std::uint64_t size, void *host,
		     std::uint32_t flags) const
{
	kvm_userspace_memory_region region = {};
	region.slot = slot;
	region.flags = flags;
	region.guest_phys_addr = gpa;
	region.memory_size = size;
	region.userspace_addr = reinterpret_cast<std::uintptr_t>(host);
	return fd_.try_call(KVM_SET_USER_MEMORY_REGION, &region);
}

void Vm::set_slot(std::uint32_t slot, std::uint64_t gpa, std::uint64_t size, void *host,
		  std::uint32_t flags, tap::Where where) const
{
	tap::check_equal(try_set_slot(slot, gpa, size, host, flags), 0,
			 "errno of KVM_SET_USER_MEMORY_REGION", where);
}

void Vm::create_irqchip() const
{
	KVM_CALL(fd_, KVM_CREATE_IRQCHIP);
}

void Vm::create_pit() const
{
	kvm_pit_config config = {};
	KVM_CALL(fd_, KVM_CREATE_PIT2, &config);
}

void Vm::enable(std::uint32_t capability, std::uint64_t argument, tap::Where where) const
{
	kvm_enable_cap cap = {};
	cap.cap = capability;
	cap.args[0] = argument;
	fd_.call("KVM_ENABLE_CAP", KVM_ENABLE_CAP, &cap, where);
}

void Vm::need(unsigned long capability, const char *name) const
{
	if (!extension(fd_, capability))
		tap::skip(std::string(name) + " is not offered");
}

void Vm::set_irq_line(std::uint32_t gsi, bool level) const
{
	kvm_irq_level line = {};
	line.irq = gsi;
	line.level = level;
	KVM_CALL(fd_, KVM_IRQ_LINE, &line);
}

} // namespace kvm
