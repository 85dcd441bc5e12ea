// SPDX-License-Identifier: BSD-2-Clause
// libstdc++ where it leans on the system: threads, atomics, files, clocks, locales, exceptions.
// shapes: dynamic static
// links: -lstdc++fs -latomic

#include <algorithm>
#include <any>
#include <atomic>
#include <barrier>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <experimental/filesystem>
#include <filesystem>
#include <format>
#include <fstream>
#include <future>
#include <iomanip>
#include <iostream>
#include <latch>
#include <locale>
#include <memory>
#include <memory_resource>
#include <mutex>
#include <random>
#include <regex>
#include <semaphore>
#include <shared_mutex>
#include <sstream>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace
{

using namespace std::chrono_literals;
int failures;

void check(bool good, const char *what, int line)
{
	if (good)
		return;
	std::cout << "FAIL line " << line << ": " << what << std::endl;
	failures++;
}
#define CHECK(condition) check(condition, #condition, __LINE__)

// Whether calling it throws an E that `accept` takes.
template <typename E, typename Call, typename Accept> bool throws(Call call, Accept accept)
{
	try {
		call();
	} catch (const E &error) {
		return accept(error);
	} catch (...) {
	}
	return false;
}

void threads()
{
	std::mutex mutex;
	std::condition_variable_any ready;
	int turns = 0;
	{
		std::vector<std::jthread> crew;
		std::latch started(4);
		std::barrier round(4, [&]() noexcept { turns++; });
		for (int i = 0; i < 4; i++)
			crew.emplace_back([&] {
				started.count_down();
				for (int j = 0; j < 10; j++)
					round.arrive_and_wait();
			});
		started.wait();
	}
	CHECK(turns == 10);

	bool stopped = false;
	{
		std::jthread waiter([&](std::stop_token token) {
			std::unique_lock lock(mutex);
			ready.wait(lock, token, [] { return false; });
			stopped = token.stop_requested();
		});
	}
	CHECK(stopped);

	std::unique_lock lock(mutex);
	CHECK(ready.wait_for(lock, 5ms) == std::cv_status::timeout);
	lock.unlock();
	std::timed_mutex timed;
	timed.lock();
	CHECK(!std::async(std::launch::async, [&] { return timed.try_lock_for(5ms); }).get());
	timed.unlock();
	std::recursive_mutex again;
	CHECK((again.lock(), again.try_lock()));
	again.unlock();
	again.unlock();

	std::shared_timed_mutex shared;
	shared.lock_shared();
	CHECK(std::async(std::launch::async, [&] {
		      bool reader = shared.try_lock_shared();
		      if (reader)
			      shared.unlock_shared();
		      return reader && !shared.try_lock_for(5ms);
	      }).get());
	shared.unlock_shared();

	std::counting_semaphore<8> places(0);
	CHECK(!places.try_acquire_for(5ms));
	std::thread giver([&] { places.release(2); });
	places.acquire();
	places.acquire();
	giver.join();

	std::once_flag once;
	int calls = 0;
	std::call_once(once, [&] { calls++; });
	std::call_once(once, [&] { calls++; });
	CHECK(calls == 1);

	// One that throws has not been called; who waits meanwhile has the next try.
	std::once_flag trying;
	std::atomic<int> tries{0}, thrown{0};
	auto attempt = [&] {
		try {
			std::call_once(trying, [&] {
				std::this_thread::sleep_for(2ms);
				if (++tries < 3)
					throw tries.load();
			});
		} catch (int) {
			thrown++;
		}
	};
	{
		std::jthread other(attempt), third(attempt), fourth(attempt);
		attempt();
	}
	CHECK(tries == 3 && thrown == 2);
	std::once_flag outer, inner;
	auto nested = [&](int error) {
		std::call_once(outer, [&] {
			std::call_once(inner, [&] {
				if (error)
					throw error;
			});
		});
	};
	CHECK(throws<int>([&] { nested(7); }, [](int error) { return error == 7; }));
	nested(0);
	nested(8);

	std::packaged_task<int(int)> task([](int x) { return x * 2; });
	auto result = task.get_future();
	std::thread(std::move(task), 21).join();
	CHECK(result.get() == 42);
	CHECK(throws<std::future_error>(
		[] {
			auto orphan = std::make_unique<std::promise<int>>();
			auto never = orphan->get_future();
			orphan.reset();
			never.get();
		},
		[](auto &error) { return error.code() == std::future_errc::broken_promise; }));
	CHECK(throws<std::system_error>(
		[] { std::thread().join(); },
		[](auto &error) { return error.code() == std::errc::invalid_argument; }));
	CHECK(std::thread::hardware_concurrency() >= 1);
	CHECK(std::this_thread::get_id() != std::thread::id());
}

// More than the processor exchanges at once: libatomic's.
struct Wide {
	std::uint64_t words[4];
	bool operator==(const Wide &) const = default;
};
struct Pair {
	alignas(16) std::uint64_t words[2];
};

void atomics()
{
	std::atomic<int> count{0};
	std::atomic<Wide> wide{Wide{{0, 0, 0, 0}}};
	std::atomic<Pair> pair{Pair{{0, 0}}};
	{
		std::vector<std::jthread> crew;
		for (int i = 0; i < 4; i++)
			crew.emplace_back([&] {
				for (int j = 0; j < 500; j++) {
					count.fetch_add(1);
					Wide seen = wide.load(), next;
					do {
						next = seen;
						for (auto &word : next.words)
							word++;
					} while (!wide.compare_exchange_weak(seen, next));
					Pair was = pair.load(), now;
					do
						now = Pair{{was.words[0] + 1, was.words[1] - 1}};
					while (!pair.compare_exchange_weak(was, now));
				}
			});
	}
	CHECK(count == 2000);
	CHECK((wide.load() == Wide{{2000, 2000, 2000, 2000}}));
	CHECK(pair.load().words[0] == 2000 && pair.load().words[1] == -2000ul);
	CHECK(!wide.is_lock_free() && count.is_lock_free());

	std::atomic<int> word{0};
	std::thread waker([&] {
		word = 1;
		word.notify_all();
	});
	word.wait(0);
	waker.join();
	std::atomic<std::shared_ptr<int>> pointer{std::make_shared<int>(1)};
	pointer.store(std::make_shared<int>(2));
	CHECK(*pointer.load() == 2);
	std::atomic<double> real{0.5};
	CHECK(real.fetch_add(1.0) == 0.5 && real == 1.5);
	int plain = 1;
	CHECK(std::atomic_ref(plain).exchange(2) == 1 && plain == 2);
}

// The same of <filesystem> and of <experimental/filesystem>.
#define FILES(name, fs)                                                                        \
	void name()                                                                            \
	{                                                                                      \
		fs::path top = fs::temp_directory_path() / "cxx_library-" #name;               \
		fs::remove_all(top);                                                           \
		CHECK(fs::create_directories(top / "a" / "b"));                                \
		std::ofstream(top / "a" / "file") << "four";                                   \
		CHECK(fs::file_size(top / "a" / "file") == 4);                                 \
		CHECK(fs::is_directory(top / "a") && !fs::exists(top / "none"));               \
		fs::copy_file(top / "a" / "file", top / "copy");                               \
		std::string text;                                                              \
		std::ifstream(top / "copy") >> text;                                           \
		CHECK(text == "four");                                                         \
		fs::rename(top / "copy", top / "a" / "b" / "moved");                           \
		fs::resize_file(top / "a" / "b" / "moved", 2);                                 \
		CHECK(fs::file_size(top / "a" / "b" / "moved") == 2);                          \
		int entries = 0;                                                               \
		for (auto &entry : fs::recursive_directory_iterator(top)) {                    \
			entries++;                                                             \
			CHECK(fs::exists(entry.path()));                                       \
		}                                                                              \
		CHECK(entries == 4);                                                           \
		CHECK(fs::equivalent(top / "a" / ".." / "a", top / "a"));                      \
		CHECK(fs::canonical(top / "a" / "b" / "..") == fs::canonical(top / "a"));      \
		CHECK(throws<fs::filesystem_error>(                                            \
			[&] { (void)fs::file_size(top / "none"); },                            \
			[&](auto &error) {                                                     \
				return error.code() == std::errc::no_such_file_or_directory && \
				       error.path1() == top / "none";                          \
			}));                                                                   \
		std::error_code code;                                                          \
		CHECK(!fs::remove(top / "a", code) && code == std::errc::directory_not_empty); \
		auto then = fs::last_write_time(top / "a" / "file");                           \
		fs::last_write_time(top / "a" / "file", then - 1h);                            \
		CHECK(fs::last_write_time(top / "a" / "file") <= then - 1h + 1s);              \
		fs::path before = fs::current_path();                                          \
		fs::current_path(top / "a");                                                   \
		CHECK(fs::exists("file") && fs::current_path().filename() == "a");             \
		fs::current_path(before);                                                      \
		CHECK(fs::space(top).capacity > 0);                                            \
		CHECK(fs::remove_all(top) == 5 && !fs::exists(top));                           \
	}
FILES(filesystem, std::filesystem)
FILES(filesystem_ts, std::experimental::filesystem)

void clocks()
{
	using namespace std::chrono;
	auto steady = steady_clock::now();
	auto system = system_clock::now();
	std::this_thread::sleep_for(20ms);
	CHECK(steady_clock::now() - steady >= 20ms);
	CHECK(system_clock::now() - system >= 19ms);
	std::this_thread::sleep_until(steady_clock::now() + 5ms);
	CHECK(high_resolution_clock::now().time_since_epoch().count() != 0);
	CHECK(system > sys_days(2024y / January / 1));
	CHECK(year_month_day(sys_days(2024y / February / last)).day() == day(29));
	CHECK(weekday(sys_days(2026y / November / 21)) == Saturday);
	CHECK(std::format("{:%F %T}", sys_seconds(86400s + 3661s)) == "1970-01-02 01:01:01");
	CHECK(clock_cast<utc_clock>(sys_seconds(0s)).time_since_epoch() == 0s);
}

void locales()
{
	CHECK(std::locale().name() == "C" && std::locale::classic() == std::locale("C"));
	CHECK(std::locale("POSIX").name() == "C");
	CHECK(throws<std::runtime_error>([] { std::locale("xx_YY.none"); },
					 [](auto &) { return true; }));
	std::ostringstream out;
	out.imbue(std::locale::classic());
	out << std::fixed << std::setprecision(2) << 1234567.891 << ' ' << std::hex << std::showbase
	    << 255;
	CHECK(out.str() == "1234567.89 0xff");
	struct Grouped : std::numpunct<char> {
		char do_thousands_sep() const override
		{
			return '\'';
		}
		std::string do_grouping() const override
		{
			return "\3";
		}
	};
	out.str("");
	out.imbue(std::locale(std::locale::classic(), new Grouped));
	out << std::dec << 1234567;
	CHECK(out.str() == "1'234'567");
	CHECK(std::use_facet<std::ctype<char>>(std::locale::classic()).toupper('x') == 'X');
	CHECK(std::locale::classic()(std::string("Z"), std::string("a")));
	std::tm time{};
	std::istringstream("2026-11-21 12:34:56") >> std::get_time(&time, "%Y-%m-%d %H:%M:%S");
	CHECK(time.tm_year == 126 && time.tm_mon == 10 && time.tm_sec == 56);
	std::wostringstream wide;
	wide << L"wide " << 1.5;
	CHECK(wide.str() == L"wide 1.5");
	CHECK(std::regex_match("key=42", std::regex("([a-z]+)=([0-9]+)")));
	double value = 0;
	const char *number = "2.5e3";
	CHECK(std::from_chars(number, number + 5, value).ec == std::errc() && value == 2500);
	std::random_device source;
	CHECK((std::uint64_t(source()) << 32 | source()) !=
	      (std::uint64_t(source()) << 32 | source()));
}

struct Base {
	virtual ~Base() = default;
};
struct Derived : Base {
};

void exceptions()
{
	/* more than there is: an exception, and the program lives */
	for (int shift : {40, 46, 47, 62}) {
		volatile std::size_t huge = std::size_t{1} << shift;
		bool refused = false;

		try {
			::operator delete(::operator new(huge));
		} catch (const std::bad_alloc &) {
			refused = true;
		}
		CHECK(refused);
	}
	std::exception_ptr kept;
	std::thread([&] {
		try {
			throw std::out_of_range("far");
		} catch (...) {
			kept = std::current_exception();
		}
	}).join();
	CHECK(throws<std::out_of_range>(
		[&] { std::rethrow_exception(kept); },
		[](auto &error) { return !std::strcmp(error.what(), "far"); }));
	CHECK(throws<std::runtime_error>(
		[] {
			try {
				throw std::logic_error("inner");
			} catch (...) {
				std::throw_with_nested(std::runtime_error("outer"));
			}
		},
		[](auto &error) {
			return throws<std::logic_error>([&] { std::rethrow_if_nested(error); },
							[](auto &) { return true; });
		}));
	// Out of the library's own code, by its own types, and through it.
	CHECK(throws<std::out_of_range>([] { (void)std::string("x").at(3); },
					[](auto &) { return true; }));
	CHECK(throws<std::bad_any_cast>([] { std::any_cast<int>(std::any(1.0)); },
					[](auto &) { return true; }));
	CHECK(throws<std::ios_base::failure>(
		[] {
			std::ifstream none;
			none.exceptions(std::ios::failbit);
			none.open("/nowhere/at all");
		},
		[](auto &) { return true; }));
	CHECK(throws<std::bad_alloc>(
		[] {
			volatile std::size_t much = std::size_t(1) << 46;
			::operator delete(::operator new(much));
		},
		[](auto &) { return true; }));
	std::vector<int> numbers{3, 1, 2};
	CHECK(throws<int>(
		[&] {
			std::sort(numbers.begin(), numbers.end(), [](int a, int b) -> bool {
				if (a == 2 || b == 2)
					throw 2;
				return a < b;
			});
		},
		[](int value) { return value == 2; }));
	CHECK(std::uncaught_exceptions() == 0);
	std::unique_ptr<Base> object = std::make_unique<Derived>();
	CHECK(dynamic_cast<Derived *>(object.get()) != nullptr);
	CHECK(throws<std::bad_cast>(
		[] {
			Base base;
			(void)dynamic_cast<Derived &>(base);
		},
		[](auto &) { return true; }));
	std::pmr::monotonic_buffer_resource arena;
	std::pmr::vector<std::pmr::string> words(&arena);
	words.emplace_back("a text that is too long to be kept in place");
	CHECK(words.front().get_allocator().resource() == &arena);
}

} // namespace

int main()
{
	const struct {
		const char *name;
		void (*run)();
	} parts[] = {
		{"threads", threads},	    {"atomics", atomics},
		{"filesystem", filesystem}, {"filesystem-ts", filesystem_ts},
		{"clocks", clocks},	    {"locales", locales},
		{"exceptions", exceptions},
	};
	for (const auto &part : parts) {
		int before = failures;
		try {
			part.run();
		} catch (const std::exception &error) {
			std::cout << "FAIL " << part.name << ": " << error.what() << std::endl;
			failures++;
		}
		if (failures == before)
			std::cout << "ok " << part.name << std::endl;
	}
	return failures ? 1 : 4;
}
