// SPDX-License-Identifier: GPL-2.0-only
#include "halves.hpp"

#include "nested_evmcs.hpp"
#include "saved.hpp"

#include <cstdlib>
#include <filesystem>

namespace kvm {

namespace {

using vmx::Msr;

constexpr auto msr_basic = static_cast<std::uint32_t>(Msr::basic);

std::string variable(const char *name, const char *otherwise)
{
	const char *value = getenv(name);
	return value ? value : otherwise;
}

std::string file_of(std::string_view name)
{
	return variable("MIGRATE_DIR", "/tmp") + "/" + std::string(name) + ".vm";
}

std::string file_of_second(std::string_view name)
{
	return file_of(std::string(name) + ".second");
}

L1::Hyperv hyperv_of(const Saved &saved)
{
	return saved.uses_hyperv() ? L1::Hyperv::evmcs : L1::Hyperv::none;
}

bool is_refusal_due()
{
	return variable("MIGRATE", "") == "refused";
}

// A module that does not know the revision takes neither the MSR nor a VMCS in that layout, and
// what it did not take does not run.
void expect_refusal(const Saved &saved, const L1 &l1)
{
	const Saved::Outcome outcome = saved.try_give(l1);
	tap::check_equal(outcome.refused_msr, msr_basic, "the MSR that is refused");
	if (saved.vmcs_revision() != saved.revision())
		return;
	tap::check_equal(outcome.nested_errno, EINVAL, "errno of KVM_SET_NESTED_STATE");
	alignas(8) std::byte room[nested_state_room] = {};
	auto &state = *reinterpret_cast<kvm_nested_state *>(room);
	state.size = sizeof(room);
	KVM_CALL(l1.vcpu().fd(), KVM_GET_NESTED_STATE, &state);
	// That there was an enlightened VMCS the distribution's module remembers.
	tap::check_equal(state.flags & ~KVM_STATE_NESTED_EVMCS, 0, "flags behind a refusal");
}

// @return false if the module has no such revision and has said so
bool give(const Saved &saved, const L1 &l1)
{
	const Saved::Outcome outcome = saved.try_give(l1);
	tap::check_equal(outcome.refused_msr, 0u, "the capability MSR that is refused");
	if (!knows_revision(saved.vmcs_revision())) {
		tap::check_equal(
			outcome.nested_errno, EINVAL,
			"errno of KVM_SET_NESTED_STATE, the VMCS being of an unknown revision");
		return false;
	}
	tap::check_equal(outcome.nested_errno, 0, "errno of KVM_SET_NESTED_STATE");
	tap::check_equal(l1.revision(), saved.revision(), "the revision that the vCPU is told");
	return true;
}

bool is_there(const std::string &path)
{
	if (variable("MIGRATE", "") == "save")
		return false;
	if (!std::filesystem::exists(path))
		tap::skip("it was not saved");
	return true;
}

} // namespace

bool saves()
{
	const std::string what = variable("MIGRATE", "");
	return what.empty() || what == "save";
}

void leave(const L1 &l1, const char *name)
{
	Saved(l1).write(file_of(name));
}

void leave(const L1 &first, const L1 &second, const char *name)
{
	first.vcpu().complete_exit();
	leave(second, name);
	std::filesystem::rename(file_of(name), file_of_second(name));
	leave(first, name);
}

void arrive(const char *name, void (*then)(L1 &))
{
	if (!is_there(file_of(name)))
		return;
	const Saved saved(file_of(name));
	L1 l1(saved.memory_size(), L1::Irqchip::none, hyperv_of(saved));
	if (is_refusal_due())
		expect_refusal(saved, l1);
	else if (give(saved, l1))
		then(l1);
}

void arrive(const char *name, void (*then)(L1 &, L1 &))
{
	if (!is_there(file_of(name)))
		return;
	const Saved saved(file_of(name)), saved_second(file_of_second(name));
	L1 first(saved.memory_size(), L1::Irqchip::none, hyperv_of(saved));
	L1 second(first, 1, hyperv_of(saved_second));
	if (is_refusal_due()) {
		expect_refusal(saved, first);
		expect_refusal(saved_second, second);
		return;
	}
	if (give(saved, first) && give(saved_second, second))
		then(first, second);
}

bool knows_revision(std::uint32_t revision)
{
	const L1 l1;
	return l1.vcpu().try_set_msr(msr_basic,
				     (l1.capability(Msr::basic) & ~0x7ffffffful) | revision);
}

} // namespace kvm
