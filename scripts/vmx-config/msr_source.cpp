// SPDX-License-Identifier: GPL-2.0-only
#include "msr_source.hpp"

#include <algorithm>
#include <cerrno>
#include <cpuid.h>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sched.h>
#include <unistd.h>

using vmx::u32;
using vmx::u64;

namespace {

void cpuid(u32 leaf, u32 subleaf, u32 *registers)
{
	__cpuid_count(leaf, subleaf, registers[0], registers[1], registers[2], registers[3]);
}

std::vector<unsigned> cpus_with_msr_files()
{
	std::vector<unsigned> cpus;
	std::error_code error;

	for (const auto &entry : std::filesystem::directory_iterator("/dev/cpu", error)) {
		const std::string name = entry.path().filename();
		if (name.find_first_not_of("0123456789") == std::string::npos &&
		    std::filesystem::exists(entry.path() / "msr"))
			cpus.push_back(static_cast<unsigned>(std::stoul(name)));
	}
	std::sort(cpus.begin(), cpus.end());
	return cpus;
}

class File {
public:
	explicit File(const std::string &path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC))
	{
		if (fd_ >= 0)
			return;
		if (errno == EACCES || errno == EPERM)
			throw Unusable(path + ": permission denied: run as root");
		throw Unusable(path + ": cannot be opened: " + std::strerror(errno));
	}
	~File() { close(fd_); }
	File(const File &) = delete;
	File &operator=(const File &) = delete;

	/// @return false if the CPU does not have the MSR.
	bool read(vmx::Msr msr, u64 &value) const
	{
		const ssize_t size = pread(fd_, &value, sizeof(value), static_cast<off_t>(msr));

		if (size < 0 && errno != EIO)
			throw Unusable(
				std::string(vmx::name_of(msr)) +
				": RDMSR through the msr module failed: " + std::strerror(errno));
		return size == sizeof(value);
	}

private:
	int fd_;
};

Item read_cpu(unsigned number)
{
	const File file("/dev/cpu/" + std::to_string(number) + "/msr");
	Item item;
	cpu_set_t set;

	item.name = "CPU " + std::to_string(number);
	item.kind = "this machine";
	for (const vmx::MsrInfo &info : vmx::capability_msrs) {
		u64 value = 0;
		if (file.read(info.msr, value))
			item.caps.set(info.msr, value);
	}

	// CPUID answers for the CPU it runs on.
	CPU_ZERO(&set);
	CPU_SET(number, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		throw Unusable(item.name +
			       ": cannot run there to read CPUID: " + std::strerror(errno));
	item.caps.cpu = vmx::Cpu::read(cpuid);
	return item;
}

} // namespace

std::vector<Item> read_this_machine()
{
	u32 leaf1[4];
	std::vector<Item> items;

	cpuid(1, 0, leaf1);
	if (!(leaf1[2] >> 5 & 1))
		throw Unusable(
			"this CPU has no VMX (CPUID.1:ECX bit 5 is 0): give a file with --file");

	const std::vector<unsigned> cpus = cpus_with_msr_files();
	if (cpus.empty())
		throw Unusable("no /dev/cpu/*/msr: load the msr module (modprobe msr), as root");
	for (const unsigned cpu : cpus)
		items.push_back(read_cpu(cpu));
	return items;
}
