// SPDX-License-Identifier: BSD-2-Clause
// Exceptions across a shared library, both ways, in several threads; type identity; iostream.
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

void throw_here(int depth, int &alive);
void call_through(void (*function)(), int &alive);

struct own_error : std::logic_error {
	using std::logic_error::logic_error;
};

static bool once()
{
	int alive = 0;
	bool caught = false, through = false;
	try {
		throw_here(20, alive);
	} catch (const std::runtime_error &error) {
		caught = std::string(error.what()) == "from libthrow" && alive == 0;
	}
	try {
		call_through([] { throw own_error("mine"); }, alive);
	} catch (const own_error &error) {
		through = std::string(error.what()) == "mine" && alive == 0;
	}
	return caught && through;
}

/* While constructors run, another thread throws and is waited for. */
static const bool early = [] {
	bool caught = false;
	std::thread([&caught] { caught = once(); }).join();
	return caught;
}();

int main()
{
	std::vector<std::thread> threads;
	std::vector<char> results(4);
	for (size_t i = 0; i < results.size(); i++)
		threads.emplace_back([&results, i] {
			results[i] = 1;
			for (int n = 0; n < 20; n++)
				results[i] = results[i] && once();
		});
	for (auto &thread : threads)
		thread.join();
	bool all = early && once();
	for (char result : results)
		all = all && result;
	std::cout << (all ? "throw: caught" : "throw: failed") << std::endl;
	return all ? 0 : 1;
}
