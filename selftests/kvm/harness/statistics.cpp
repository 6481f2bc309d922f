// SPDX-License-Identifier: GPL-2.0-only
#include "statistics.hpp"

#include <fstream>

namespace kvm {

namespace {

template <typename T> void read_at(const Fd &fd, T *to, std::size_t size, std::uint64_t offset)
{
	if (pread(fd.get(), to, size, static_cast<off_t>(offset)) != static_cast<ssize_t>(size))
		tap::fail("the vCPU's statistics: short read at " + std::to_string(offset));
}

} // namespace

std::uint64_t statistic(const Vcpu &vcpu, const char *name)
{
	const Fd fd(KVM_CALL(vcpu.fd(), KVM_GET_STATS_FD));
	kvm_stats_header header;
	read_at(fd, &header, sizeof(header), 0);

	// A descriptor is followed by its name.
	const std::size_t size = sizeof(kvm_stats_desc) + header.name_size;
	std::vector<std::uint64_t> storage(size / 8 + 1);
	auto *descriptor = reinterpret_cast<kvm_stats_desc *>(storage.data());
	for (std::uint32_t i = 0; i < header.num_desc; i++) {
		read_at(fd, storage.data(), size, header.desc_offset + i * size);
		if (strcmp(descriptor->name, name) != 0)
			continue;
		std::uint64_t value;
		read_at(fd, &value, sizeof(value), header.data_offset + descriptor->offset);
		return value;
	}
	tap::fail(std::string("the vCPU has no statistic ") + name);
}

bool parameter(const char *name, tap::Where where)
{
	const std::string path = std::string("/sys/module/kvm_intel/parameters/") + name;
	char answer = 0;
	std::ifstream(path) >> answer;
	if (answer != 'Y' && answer != 'N')
		tap::fail(path + ": expected Y or N", where);
	return answer == 'Y';
}

} // namespace kvm
