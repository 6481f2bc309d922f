// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "vmx/types.hpp"

namespace vmx::config {

/// Prints as 0x and exactly `digits` hexadecimal digits (more if the value needs them).
struct Hex {
	u64 value;
	unsigned digits = 8;
};

/// Appends spaces until the line is `column` characters long.
struct Column {
	unsigned column;
};

/// A line of text that grows by `<<` up to a fixed size. What does not fit is cut and marked "...".
class Text {
public:
	static constexpr unsigned capacity = 320; ///< including the terminating zero

	Text &operator<<(const char *string)
	{
		while (*string)
			put(*string++);
		return *this;
	}

	Text &operator<<(u64 value)
	{
		char digits[20];
		unsigned count = 0;

		do {
			digits[count++] = static_cast<char>('0' + value % 10);
			value /= 10;
		} while (value);
		while (count)
			put(digits[--count]);
		return *this;
	}

	Text &operator<<(u32 value) { return *this << u64{value}; }

	Text &operator<<(Hex hex)
	{
		unsigned digits = hex.digits;

		while (digits < 16 && hex.value >> (4 * digits))
			digits++;
		*this << "0x";
		while (digits--)
			put("0123456789abcdef"[hex.value >> (4 * digits) & 0xf]);
		return *this;
	}

	Text &operator<<(Column column)
	{
		while (length_ < column.column && length_ < capacity - 1)
			put(' ');
		return *this;
	}

	void clear()
	{
		length_ = 0;
		buffer_[0] = '\0';
	}

	[[nodiscard]] const char *c_str() const { return buffer_; }

	[[nodiscard]] unsigned length() const { return length_; }

private:
	void put(char c)
	{
		if (length_ == capacity - 1) {
			for (unsigned dot = 1; dot <= 3; dot++)
				buffer_[length_ - dot] = '.';
			return;
		}
		buffer_[length_++] = c;
		buffer_[length_] = '\0';
	}

	char buffer_[capacity]{};
	unsigned length_ = 0;
};

} // namespace vmx::config
