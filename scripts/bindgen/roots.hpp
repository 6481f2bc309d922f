// SPDX-License-Identifier: GPL-2.0-only
//
// What the module wants of the kernel: the root list, and what the kernel exports.
//
// The list has one root a line; '#' starts a comment.
//     NAME             a type, a function, or the enum that has this enumerator
//     struct NAME      the same name can be both a type and a function: say which
//     function NAME
//     ? NAME           nothing is emitted where this kernel does not have it
//     exports MODULE   every function that this module exports
//     types            every named type of the module whose BTF was given
#pragma once

#include <map>
#include <string>
#include <vector>

namespace bindgen {

enum class RootKind { any, type, function, exports, types };

struct Root {
	RootKind kind;
	std::string name;
	bool optional;
	int line;
};

// Both throw std::runtime_error with file and line.
std::vector<Root> read_roots(const std::string &path);
// Symbol -> the module that exports it, by its last path component ("vmlinux", "kvm").
std::map<std::string, std::string> read_symvers(const std::string &path);

} // namespace bindgen
