// SPDX-License-Identifier: GPL-2.0-only
//
// A virtual CPU: its state by value, and KVM_RUN.
#pragma once

#include "vm.hpp"

#include <initializer_list>
#include <string>

namespace kvm {

const char *exit_name(std::uint32_t reason);

class Vcpu {
public:
	enum class WithCpuid { supported, none };

	explicit Vcpu(const Vm &vm, unsigned id = 0, WithCpuid cpuid = WithCpuid::supported);

	const Fd &fd() const { return fd_; }
	unsigned id() const { return id_; }

	// The page shared with KVM.
	kvm_run &state() const { return *reinterpret_cast<kvm_run *>(run_.data()); }
	const std::byte *shared(std::uint64_t offset) const { return run_.data() + offset; }

	// KVM_RUN once. 0 or an errno.
	int try_run() const;
	// KVM_RUN; any exit but this one fails the case, saying what happened instead.
	void run_to(std::uint32_t exit_reason, tap::Where where = tap::Where::current()) const;
	// KVM_RUN with immediate_exit: completes the pending exit and runs nothing.
	void complete_exit(tap::Where where = tap::Where::current()) const;

	kvm_regs regs() const;
	kvm_sregs sregs() const;
	kvm_sregs2 sregs2() const;
	kvm_mp_state mp_state() const;
	kvm_vcpu_events events() const;
	kvm_debugregs debugregs() const;
	void set(const kvm_regs &regs) const;
	void set(const kvm_sregs &sregs) const;
	void set(const kvm_sregs2 &sregs) const;
	void set(const kvm_vcpu_events &events) const;
	void set(const kvm_debugregs &debugregs) const;
	void set_mp_state(std::uint32_t state) const;
	void set_cpuid(const Cpuid &table) const;
	int try_set(const kvm_sregs &sregs) const;

	// MSRs one by one; the try_ forms say whether KVM took it.
	std::uint64_t msr(std::uint32_t index, tap::Where where = tap::Where::current()) const;
	void set_msr(std::uint32_t index, std::uint64_t value,
		     tap::Where where = tap::Where::current()) const;
	bool try_get_msr(std::uint32_t index, std::uint64_t &value) const;
	bool try_set_msr(std::uint32_t index, std::uint64_t value) const;

	void nmi() const { KVM_CALL(fd_, KVM_NMI); }

	// For error messages: the last exit and where the guest stands.
	std::string describe_exit() const;

private:
	unsigned id_;
	Fd fd_;
	Mapping run_;
};

} // namespace kvm
