/* SPDX-License-Identifier: BSD-2-Clause */
/* Greets two, or reads a file; with anything else it fails. */
#include <fstream>
#include <iostream>
#include <string>
#include <thread>

extern "C" void greet(const char *first, const char *second);

int main(int argc, char **argv)
{
	if (argc != 3)
		return 1;
	if (std::string(argv[1]) == "--read") {
		std::ifstream file(argv[2]);
		std::string text;

		std::getline(file, text);
		std::cout << text << std::endl;
		return text == "known text" ? 0 : 2;
	}
	std::thread(greet, argv[1], argv[2]).join();
	return 0;
}
