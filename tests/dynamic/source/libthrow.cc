// SPDX-License-Identifier: BSD-2-Clause
// Throws what the program catches, and calls back what throws through it.
#include <stdexcept>
#include <string>

struct guard {
	int &count;
	explicit guard(int &c) : count(c)
	{
		++count;
	}
	~guard()
	{
		--count;
	}
};

void throw_here(int depth, int &alive)
{
	guard g(alive);
	if (depth == 0)
		throw std::runtime_error("from " + std::string("libthrow"));
	throw_here(depth - 1, alive);
}

void call_through(void (*function)(), int &alive)
{
	guard g(alive);
	function();
}
