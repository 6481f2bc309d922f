// SPDX-License-Identifier: GPL-2.0-only
#include "statistics.hpp"

#include <cstring>
#include <unistd.h>

namespace kvm {

namespace {

template <typename T> void read_at(const Fd &fd, T *to, std::size_t size, std::uint64_t offset)
{
	if (pread(fd.get(), to, size, static_cast<off_t>(offset)) != static_cast<ssize_t>(size))
		tap::fail("statistics: short read at " + std::to_string(offset));
}

// Calls visit(descriptor, its first value's offset) until that returns true.
template <typename Visit> bool visit_all(const Fd &fd, Visit visit)
{
	kvm_stats_header header;
	read_at(fd, &header, sizeof(header), 0);

	// A descriptor is followed by its name.
	const std::size_t size = sizeof(kvm_stats_desc) + header.name_size;
	std::vector<std::uint64_t> storage(size / 8 + 1);
	auto *descriptor = reinterpret_cast<kvm_stats_desc *>(storage.data());
	for (std::uint32_t i = 0; i < header.num_desc; i++) {
		read_at(fd, storage.data(), size, header.desc_offset + i * size);
		if (visit(*descriptor, header.data_offset + descriptor->offset))
			return true;
	}
	return false;
}

} // namespace

std::vector<Statistic> statistics(const Fd &vm_or_vcpu)
{
	const Fd fd(KVM_CALL(vm_or_vcpu, KVM_GET_STATS_FD));
	std::vector<Statistic> all;

	visit_all(fd, [&](const kvm_stats_desc &descriptor, std::uint64_t offset) {
		std::uint64_t value;
		read_at(fd, &value, sizeof(value), offset);
		all.push_back({descriptor.name, value, descriptor.size > 1});
		return false;
	});
	return all;
}

std::uint64_t statistic(const Vcpu &vcpu, const char *name)
{
	const Fd fd(KVM_CALL(vcpu.fd(), KVM_GET_STATS_FD));
	std::uint64_t value = 0;

	if (!visit_all(fd, [&](const kvm_stats_desc &descriptor, std::uint64_t offset) {
		    if (strcmp(descriptor.name, name) != 0)
			    return false;
		    read_at(fd, &value, sizeof(value), offset);
		    return true;
	    }))
		tap::fail(std::string("the vCPU has no statistic ") + name);
	return value;
}

} // namespace kvm
