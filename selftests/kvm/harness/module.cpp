// SPDX-License-Identifier: GPL-2.0-only
#include "module.hpp"

#include <filesystem>
#include <fstream>

namespace kvm {

bool is_ours()
{
	return std::filesystem::exists("/sys/module/kvm_intel/parameters/vmcs12_revision");
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
