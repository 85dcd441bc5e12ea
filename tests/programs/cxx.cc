// SPDX-License-Identifier: BSD-2-Clause
// C++: iostream, a thread, an exception across frames and out of a thread, thread_local, static
// order. shapes: dynamic static unikernel

#include <algorithm>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace
{

struct Announcer {
	Announcer()
	{
		std::cout << "static constructed\n";
	}
	~Announcer()
	{
		std::cout << "static destroyed\n";
	}
} announcer;

thread_local std::string mine = "fresh";

[[noreturn]] void deep(int level)
{
	std::string on_the_way = "unwound " + std::to_string(level);
	if (level == 0)
		throw std::runtime_error("from the deep");
	deep(level - 1);
}

struct Guard {
	int &count;
	~Guard()
	{
		count++;
	}
};

} // namespace

int main()
{
	int unwound = 0;
	try {
		Guard guard{unwound};
		deep(10);
	} catch (const std::exception &error) {
		std::cout << "caught: " << error.what() << ", " << unwound << " guard\n";
	}

	std::mutex mutex;
	std::vector<std::thread> threads;
	std::map<int, std::string> seen;
	for (int i = 0; i < 4; i++)
		threads.emplace_back([&, i] {
			mine += std::to_string(i);
			std::lock_guard lock(mutex);
			seen[i] = mine;
		});
	for (auto &thread : threads)
		thread.join();
	for (const auto &[number, text] : seen)
		std::cout << number << ": " << text << '\n';

	auto future = std::async(std::launch::async,
				 []() -> int { throw std::out_of_range("in a thread"); });
	try {
		std::cout << future.get();
	} catch (const std::out_of_range &error) {
		std::cout << "caught: " << error.what() << '\n';
	}

	std::ostringstream out;
	out << std::hex << 255 << ' ' << 1.5;
	std::cout << "hello from C++: " << out.str() << ' ' << mine << std::endl;
	return 3;
}
